/* What travels beside verbs: slices, leases, views, and the confirming of grants. */
#ifndef QKR_STEPS_H
#define QKR_STEPS_H

#include "redis.h"

/* Take a work of QK_WORK_SLICE, QK_WORK_LEASE or QK_WORK_VIEW. */
void qkr_step_take(struct qkr_store *store, struct qkr_lane *lane, qk_work *work);
/* Confirm a queue's grants up to a sequence. 1: then(arg) follows, whatever comes of it; 0: no memory. */
int qkr_confirm(struct qkr_store *store, struct qkr_lane *lane, uint64_t sequence, int64_t deadline_ms,
                void (*then)(void *arg), void *arg);

/* A request about this lane is under way; it is over. The lane stays meanwhile, and whoever brings works for
 * it need not wake the driver. */
void qkr_lane_enter(struct qkr_store *store, struct qkr_lane *lane);
void qkr_lane_leave(struct qkr_store *store, struct qkr_lane *lane);

#endif
