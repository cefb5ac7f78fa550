/* Looks at everything that can be looked at, and compares it with the oracle: after each operation, at every
 * queue, so that an operation which touches another queue is seen as well. */
#ifndef TESTS_MODEL_AUDIT_H
#define TESTS_MODEL_AUDIT_H

#include "world.h"

/* Totals, cursor, policy, events and the line of every queue; long lines only now and then, by the
 * operation's index. */
void audit_all(struct world *world, size_t index);
/* One page of a line. */
void audit_list(struct world *world, uint32_t queue, uint32_t cls, uint64_t after, uint32_t max);
/* The list of queues: each that exists, once. */
void audit_queues(struct world *world);
/* After a tick of one queue: the order of those it let in, and that it left nothing undone. */
void audit_tick(struct world *world, uint32_t queue, const qk_tick_report *report);

#endif
