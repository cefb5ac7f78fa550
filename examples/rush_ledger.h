/* What one of several hosts sees, written down until all are done: the events of its store, and the answers
 * whose truth only all hosts together can tell. */
#ifndef RUSH_LEDGER_H
#define RUSH_LEDGER_H

#include <stddef.h>
#include <stdint.h>
#include <qk.h>
#include "rush_calls.h"

/* Somebody changed state; or, with type 0, was answered that there is nobody. */
struct deed {
  int64_t at_ms; /* by the store's clock; type 0: the run's */
  uint64_t number;
  uint32_t person;
  uint8_t type, cls;
  uint8_t phase; /* rush_merge.c */
};

/* An enter that made an entry. */
struct arrival {
  struct span span;
  uint64_t number;
  uint32_t person;
};

struct ledger {
  const int64_t *now_ms;   /* virtual time, or */
  const int64_t *start_ns; /* real time: when the run began; else NULL */
  struct deed *deeds;
  struct arrival *arrivals;
  size_t deeds_count, deeds_room, arrivals_count, arrivals_room;
  uint64_t events[QK_EVENT_COMPLETED + 1]; /* by type */
  int64_t ahead_ms;                        /* the store's clock is at least so far ahead of the run's */
  uint64_t lost;                           /* not written down, for want of memory */
};

void ledger_init(struct ledger *ledger, const int64_t *now_ms, const int64_t *start_ns);
void ledger_finish(struct ledger *ledger);

void ledger_event(struct ledger *ledger, uint32_t person, const qk_event *event);
void ledger_entered(struct ledger *ledger, uint32_t person, uint64_t number, const struct span *span);
/* Who had been told number was answered that there is nobody. */
void ledger_nobody(struct ledger *ledger, uint32_t person, uint64_t number);

#endif
