/* Bytes on their way through fake.c, and where a command or a reply ends among them. */
#ifndef TESTS_FAKE_BYTES_H
#define TESTS_FAKE_BYTES_H

#include <stddef.h>

struct bytes {
  char *at;
  size_t len, size;
};

/* End the process with a sentence. */
_Noreturn void fake_give_up(const char *what);

void bytes_append(struct bytes *bytes, const char *text, size_t len);
void bytes_drop(struct bytes *bytes, size_t len);
/* The first len bytes of from to the end of to. */
void bytes_move(struct bytes *to, struct bytes *from, size_t len);

/* Where the line that begins at start ends, behind its line end; 0 if it is not whole. */
size_t bytes_line(const struct bytes *bytes, size_t start);
/* The length of the first command or reply, which look alike; 0 if it is not whole. */
size_t bytes_message(const struct bytes *bytes);

#endif
