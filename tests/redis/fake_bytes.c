#include "fake_bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void fake_give_up(const char *what)
{
  fprintf(stderr, "fake: %s: %s\n", what, strerror(errno));
  _exit(1);
}

void bytes_append(struct bytes *bytes, const char *text, size_t len)
{
  if (len == 0)
    return;
  if (bytes->size - bytes->len < len) {
    bytes->size = 2 * (bytes->len + len);
    bytes->at = realloc(bytes->at, bytes->size);
    if (!bytes->at)
      fake_give_up("no memory");
  }
  memcpy(bytes->at + bytes->len, text, len);
  bytes->len += len;
}

void bytes_drop(struct bytes *bytes, size_t len)
{
  bytes->len -= len;
  if (bytes->len > 0)
    memmove(bytes->at, bytes->at + len, bytes->len);
}

void bytes_move(struct bytes *to, struct bytes *from, size_t len)
{
  bytes_append(to, from->at, len);
  bytes_drop(from, len);
}

size_t bytes_line(const struct bytes *bytes, size_t start)
{
  const char *end = memchr(bytes->at + start, '\n', bytes->len - start);
  return end ? (size_t)(end - bytes->at) + 1 : 0;
}

size_t bytes_message(const struct bytes *bytes)
{
  size_t at = 0;
  for (long missing = 1; missing > 0; missing--) {
    size_t end = at < bytes->len ? bytes_line(bytes, at) : 0;
    if (!end)
      return 0;
    long number = strtol(bytes->at + at + 1, NULL, 10);
    if (bytes->at[at] == '*' && number > 0)
      missing += number;
    if (bytes->at[at] == '$' && number >= 0)
      end += (size_t)number + 2;
    at = end;
  }
  return at <= bytes->len ? at : 0;
}
