/* The rush while it runs: a live view on a terminal, a line every ten seconds of the run elsewhere, nothing
 * with
 * --quiet. */
#ifndef RUSH_VIEW_H
#define RUSH_VIEW_H

#include <stdint.h>
#include "rush_frame.h"

struct rush;

struct view {
  struct frame frame;
  int64_t next_ns; /* no frame before */
  int64_t next_line_ms, last_line_s;
};

void view_begin(struct view *view, const struct rush *rush);
/* Draw if it is time. */
void view_update(struct view *view, const struct rush *rush);
/* Draw the last state and leave the terminal as it was. */
void view_end(struct view *view, const struct rush *rush);

#endif
