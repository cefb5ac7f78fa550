/* The event queue of the simulation: who does something at which millisecond. A calendar of one list per
 * millisecond, so that adding and taking cost the same however many wait; the links are an array, one per
 * node, and nothing is allocated while the rush runs. A node waits for one moment at a time; nodes of one
 * moment come in the order of their adding, so that the same seed gives the same run. */
#ifndef RUSH_TIMERS_H
#define RUSH_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timers {
  uint32_t *first, *last; /* per millisecond of the calendar; TIMERS_NONE: empty */
  uint32_t *next;         /* per node */
  int64_t *due_ms;        /* per node: a moment beyond the calendar's end goes round it */
  int64_t now_ms;
  size_t count;
};

#define TIMERS_NONE UINT32_MAX

/* Room for nodes 0 to nodes - 1, from moment 0 on. Returns 0, or -1 without memory. */
int timers_init(struct timers *timers, size_t nodes);
void timers_finish(struct timers *timers);

/* Let node come at due_ms, at once if that is over. node must not be waiting already. */
void timers_add(struct timers *timers, uint32_t node, int64_t due_ms);
/* Take a node whose moment has come. Returns TIMERS_NONE when there is none left in this millisecond. */
uint32_t timers_take(struct timers *timers);
/* The first moment up to limit_ms at which a node may come, or limit_ms. */
int64_t timers_next(const struct timers *timers, int64_t limit_ms);
/* Go on to the next millisecond. timers_take must have said TIMERS_NONE. */
void timers_advance(struct timers *timers);

#endif
