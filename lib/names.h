/* Queue names and user ids: validation. */
#ifndef QKI_NAMES_H
#define QKI_NAMES_H

#include <stddef.h>

/* Check that text is 1 to max bytes of UTF-8 without control bytes (0x00-0x1f, 0x7f); *len is its length.
 * Returns NULL if it is, or what is wrong with it. text may be NULL. */
const char *qki_name_check(const char *text, size_t max, size_t *len);

/* The same for text of a known length that need not end in NUL. */
const char *qki_bytes_check(const char *text, size_t len);

/* The entry of known (NULL-terminated) that is most like word, by edit distance. */
const char *qki_nearest(const char *word, const char *const *known);

#endif
