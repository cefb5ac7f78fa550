/* The terminal while a live screen is on it: no echo, no cursor, and everything back as it was afterwards,
 * however the program ends. */
#ifndef QK_TERM_H
#define QK_TERM_H

#include <stdint.h>

/* 1 if standard output can show a live screen. */
int term_can_be_live(void);
/* Begin and end it. */
void term_enter(void);
void term_leave(void);
void term_size(int *columns, int *lines);

/* Wait until the monotonic time end_ms, a key, or a change of size. Returns the key, TERM_RESIZED, or
 * TERM_TIME. */
enum { TERM_TIME = -1, TERM_RESIZED = -2 };
int term_wait(int64_t end_ms);

#endif
