/* One rush: the store, the people, the checks, and the ways to run it: in virtual or real time, in this
 * process or in several that share the queue. */
#ifndef RUSH_RUN_H
#define RUSH_RUN_H

#include <stdint.h>
#include <qk.h>
#include "rush_audit.h"
#include "rush_calls.h"
#include "rush_options.h"
#include "rush_people.h"
#include "rush_series.h"
#include "rush_store.h"
#include "rush_timers.h"
#include "rush_view.h"

/* Virtual time starts here: 1 June 2026, 10:00 UTC, when the sale opens. */
#define RUN_START_MS INT64_C(1780308000000)

struct host;
struct hosts;

struct rush {
  struct rush_options options;
  char shown[STORE_SHOWN_SIZE];     /* the URI, for people's eyes */
  char own_queue[STORE_QUEUE_SIZE]; /* what options.queue points to if none was given */
  qk_store *store;
  struct timers timers;
  struct people people;
  struct audit audit;
  struct calls calls;
  struct series series;
  struct view view;
  struct host *host;   /* this process plays one of several hosts; else NULL */
  struct hosts *hosts; /* other processes play the hosts, and this one leads
                          them; else NULL */
  int64_t now_ms;      /* of the run: virtual, or since its start */
  int64_t tick_ms;     /* when the next tick is due */
  uint64_t random;     /* state of the store's source in virtual time */
  int64_t start_ns, wall_ns, cpu_ns;
  struct store_line log[STORE_LINES]; /* of the library's log, as shown */
  int made, limit_reached;            /* made: the queue is ours */
  int gave_up;                        /* the store did not answer any more */
};

/* Open the store and make the queue. Returns 0, or -1 after saying on standard error what is wrong. */
int run_init(struct rush *rush, const struct rush_options *options);
/* Remove the queue, close the store and free everything. */
void run_finish(struct rush *rush);

/* Play until everybody's entry is over, the limit is reached, or the user interrupts. Returns 0, or -1
 * likewise. */
int run_play(struct rush *rush);

/* Say on standard error what is wrong: error's text, or else what the code means. Returns -1. */
int run_trouble(const char *what, int code, const qk_error *error);

/* The ways to play, for run_play and for the hosts: return 0, or -1 likewise. */
int virtual_play(struct rush *rush);
int realtime_play(struct rush *rush);
/* For them. Whether the run goes on; one of several hosts waits here for its orders: */
int run_goes_on(struct rush *rush, int calls_under_way);
/* At each millisecond: note the second, draw the view. Returns 0, or -1 without memory. */
int run_watch(struct rush *rush);
/* After a tick, with its result: compare the totals; exact: no call is under way. */
void run_after_tick(struct rush *rush, int result, int exact);
/* The next node that is due by now, in the order of the calendar; TIMERS_NONE when that has caught up. */
uint32_t run_next_due(struct rush *rush);
/* What the tick is called with: NULL is every queue. */
const char *run_tick_queue(const struct rush *rush);

#endif
