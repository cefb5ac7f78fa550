/* Invariants checked on the library's own answers, without the oracle: capacity, rate over every window,
 * order, numbers, conservation, honest positions, work conservation. They would catch a mistake that oracle
 * and library share. */
#ifndef TESTS_MODEL_WATCH_H
#define TESTS_MODEL_WATCH_H

#include "compare.h"
#include "names.h"

#define WATCH_PEOPLE 32768 /* above the number of any person in a trace */

struct watch_place {
  uint64_t number, position; /* as last shown; 0: not known */
};

struct watch_grants {
  int64_t at_ms; /* logical */
  uint64_t count;
};

struct watch_line {
  qk_stats before;
  qk_policy policy; /* in force at the last look */
  uint64_t top;     /* the highest number that a ticket said was new */
  int64_t since_ms; /* grants are known from this logical time on */
  struct watch_grants *grants;
  size_t grant_count, grant_room;
  struct watch_place places[WATCH_PEOPLE];
};

struct watch {
  int one_class; /* positions then never rise */
  struct watch_line lines[NAMES_QUEUES];
};

struct watch *watch_create(int one_class);
void watch_destroy(struct watch *watch);

/* A queue has ended: the next one of its name starts afresh. */
void watch_forget_line(struct watch *watch, uint32_t queue);
/* Somebody did something without asking for a ticket. */
void watch_forget_place(struct watch *watch, uint32_t queue, uint32_t user);
void watch_ticket(struct watch *watch, struct verdict *verdict, uint32_t queue, uint32_t user,
                  const qk_ticket *got);
/* The totals after an operation that took place at logical time t_ms under policy; the reads after it give
 * the same. */
void watch_stats(struct watch *watch, struct verdict *verdict, uint32_t queue, const qk_stats *got,
                 const qk_policy *policy, int64_t t_ms);
/* A tick of one queue, after watch_stats. */
void watch_tick(const struct watch *watch, struct verdict *verdict, uint32_t queue, const qk_tick_report *got,
                int64_t t_ms);

#endif
