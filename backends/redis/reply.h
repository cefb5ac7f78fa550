/* Replies of a server, parsed by hiredis into flat arrays. RESP2. */
#ifndef QKR_REPLY_H
#define QKR_REPLY_H

#include <stddef.h>
#include <stdint.h>

enum qkr_type { QKR_NIL, QKR_INTEGER, QKR_STRING, QKR_STATUS, QKR_ERROR, QKR_ARRAY };

/* One value. The children of an array follow it, each with its own children behind it. */
struct qkr_value {
  enum qkr_type type;
  size_t count;     /* QKR_ARRAY: how many children */
  int64_t integer;  /* QKR_INTEGER */
  const char *text; /* QKR_STRING, QKR_STATUS, QKR_ERROR: len bytes, NUL-terminated */
  size_t len;
};

/* A whole reply: values[0] and all below it. Valid until the next call on its reader. */
struct qkr_reply {
  const struct qkr_value *values;
  size_t count;
};

/* Caps: what goes beyond is no reply of ours. */
#define QKR_REPLY_BYTES (4u << 20)
#define QKR_REPLY_VALUES (1u << 16)
#define QKR_REPLY_DEPTH 5

struct qkr_reader;

/* NULL without memory. */
struct qkr_reader *qkr_reader_create(void);
void qkr_reader_destroy(struct qkr_reader *reader);
/* Take bytes from the socket. QK_OK; QK_ENOMEM; QK_ESTATE for garbage or beyond a cap: the connection must
 * be closed. */
int qkr_reader_feed(struct qkr_reader *reader, const char *bytes, size_t len);
/* The next whole reply: 1; 0 if more bytes are needed; a code as above. */
int qkr_reader_next(struct qkr_reader *reader, struct qkr_reply *out);

#endif
