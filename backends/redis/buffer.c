#include "buffer.h"

#include <stdlib.h>
#include <string.h>

#include <qk.h>

int qkr_buffer_reserve(struct qkr_buffer *buffer, size_t len)
{
  size_t used = buffer->end - buffer->start;
  if (buffer->start > 0) {
    if (used > 0 && buffer->room - buffer->end < len)
      memmove(buffer->bytes, buffer->bytes + buffer->start, used);
    else if (used > 0)
      return QK_OK;
    buffer->start = 0;
    buffer->end = used;
  }
  if (buffer->room - used >= len)
    return QK_OK;
  size_t room = buffer->room ? buffer->room : 4096;
  while (room - used < len)
    room *= 2;
  char *bytes = realloc(buffer->bytes, room);
  if (!bytes)
    return QK_ENOMEM;
  buffer->bytes = bytes;
  buffer->room = room;
  return QK_OK;
}

int qkr_buffer_add(struct qkr_buffer *buffer, const char *bytes, size_t len)
{
  if (qkr_buffer_reserve(buffer, len) != QK_OK)
    return QK_ENOMEM;
  if (len > 0)
    memcpy(buffer->bytes + buffer->end, bytes, len);
  buffer->end += len;
  return QK_OK;
}

void qkr_buffer_finish(struct qkr_buffer *buffer)
{
  free(buffer->bytes);
  *buffer = (struct qkr_buffer){0};
}
