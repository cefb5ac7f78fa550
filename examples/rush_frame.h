/* A picture of some lines of text, redrawn in place. It is put together in memory and written at once. */
#ifndef RUSH_FRAME_H
#define RUSH_FRAME_H

#include <stddef.h>
#include "rush_term.h"

struct frame {
  struct term term;
  char text[16384];
  size_t len;
  int width, column, lines;
  int drawn; /* lines that the last one has left on the screen */
};

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_WAITING, STYLE_INSIDE, STYLE_ADMITTED };

/* Begin a new picture, as wide as the terminal is now. */
void frame_begin(struct frame *frame);
/* Add text; what would go beyond the width is cut off. ASCII, or UTF-8 of one column each. */
void frame_put(struct frame *frame, enum style style, const char *text);
/* Spaces up to column. */
void frame_pad(struct frame *frame, int column);
/* One column, as high as level, from 0 to 1: eighths of a character cell. */
void frame_spark(struct frame *frame, enum style style, double level);
/* A bar of this many columns, filled up to level. */
void frame_bar(struct frame *frame, enum style style, double level, int columns);
/* End the line. */
void frame_line(struct frame *frame);
/* Show it over the last one. */
void frame_show(struct frame *frame);

#endif
