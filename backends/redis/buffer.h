/* Bytes that are added behind and taken in front. */
#ifndef QKR_BUFFER_H
#define QKR_BUFFER_H

#include <stddef.h>

struct qkr_buffer {
  char *bytes;
  size_t start, end, room; /* what is in it: start to end */
};

/* Make room for len more. QK_OK or QK_ENOMEM. */
int qkr_buffer_reserve(struct qkr_buffer *buffer, size_t len);
/* QK_OK or QK_ENOMEM. */
int qkr_buffer_add(struct qkr_buffer *buffer, const char *bytes, size_t len);
void qkr_buffer_finish(struct qkr_buffer *buffer);

#endif
