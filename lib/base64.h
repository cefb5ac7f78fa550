/* Reading unpadded base64url (RFC 4648, section 5). libsodium's decoder takes no branch on the text and a
 * word of time per character, which protects secrets; a token is known to whoever sends it, and that decoder
 * took two thirds of a poll that needs no store. */
#ifndef QKI_BASE64_H
#define QKI_BASE64_H

#include <stddef.h>

/* Read len characters; out has room for len / 4 * 3 + 2 bytes. Returns how many bytes they are; 0 for a
 * foreign character, a length that no text has, or stray bits at the end: each sequence of bytes has one
 * spelling. */
size_t qki_base64_read(unsigned char *out, const char *text, size_t len);

#endif
