/* One rush: the store, the people, the checks, and the two ways to run it. */
#ifndef RUSH_RUN_H
#define RUSH_RUN_H

#include <stdint.h>
#include <qk.h>
#include "rush_audit.h"
#include "rush_calls.h"
#include "rush_options.h"
#include "rush_people.h"
#include "rush_series.h"
#include "rush_timers.h"
#include "rush_view.h"

struct rush {
  struct rush_options options;
  qk_store *store;
  struct timers timers;
  struct people people;
  struct audit audit;
  struct calls calls;
  struct series series;
  struct view view;
  int64_t now_ms;  /* of the run: virtual, or since its start */
  int64_t tick_ms; /* when the next tick is due */
  uint64_t random; /* state of the store's source in virtual time */
  int64_t start_ns, wall_ns, cpu_ns;
  int made, limit_reached; /* made: the queue is ours */
};

/* Open the store and make the queue. Returns 0, or -1 after saying on standard error what is wrong. */
int run_init(struct rush *rush, const struct rush_options *options);
/* Remove the queue, close the store and free everything. */
void run_finish(struct rush *rush);

/* Play until everybody's entry is over, the limit is reached, or the user interrupts. Returns 0, or -1
 * likewise. */
int run_play(struct rush *rush);

/* The two ways, for run_play: returns 0, or -1 without memory. */
int virtual_play(struct rush *rush);
int realtime_play(struct rush *rush);
/* For them. Whether the run goes on: */
int run_goes_on(struct rush *rush, int calls_under_way);
/* At each millisecond: note the second, draw the view. Returns 0, or -1 without memory. */
int run_watch(struct rush *rush);
/* After a tick, with its result: compare the totals; exact: no call is under way. */
void run_after_tick(struct rush *rush, int result, int exact);

#endif
