/* The live screen. */
#ifndef QK_WATCH_H
#define QK_WATCH_H

#include "grid.h"
#include "tracks.h"

struct screen {
  struct page page;
  struct grid grid;
  const char *place;       /* the URI as it may be shown */
  int is_ascii, is_single; /* single: of one queue, with all that is known */
  int64_t interval_ms;
};

void screen_init(struct screen *screen, const struct args *args, const char *place, int64_t interval_ms);
void screen_finish(struct screen *screen);
void screen_draw(struct screen *screen, const struct tracks *tracks);

/* The part for one queue, SINGLE_LINES high with title and message. */
enum { SINGLE_LINES = 18 };
void single_draw(struct screen *screen, const struct track *track);

#endif
