/* The terminal: what it can do, and leaving it as it was. */
#ifndef RUSH_TERM_H
#define RUSH_TERM_H

#include <stddef.h>

struct term {
  int live;  /* frames may be redrawn in place */
  int color; /* NO_COLOR is not set */
  int utf8;
};

/* Look at standard output and the environment. */
void term_init(struct term *term);
/* Columns and lines now; 80 and 24 if nobody knows. */
void term_size(int *columns, int *lines);

/* Catch SIGINT and SIGTERM from now on: the first asks to stop, a second one ends the program. In a live
 * terminal the cursor is hidden until term_leave or a signal. */
void term_enter(const struct term *term);
void term_leave(const struct term *term);
int term_interrupted(void);

/* One write, so that a frame never shows half drawn. */
void term_write(const char *text, size_t len);

#endif
