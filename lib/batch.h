/* Carrying works out while the caller waits: single calls, qk_batch, and the submitted ops of backends that
 * are not asynchronous. */
#ifndef QKI_BATCH_H
#define QKI_BATCH_H

#include <qk_backend.h>

/* Carry out one validated work and wait for it. Returns its result. */
int qki_run_one(qk_store *store, qk_work *work);
/* Carry out ops in order, each ends with its result. */
void qki_run_ops(qk_store *store, qk_op *const *ops, size_t count);

/* The same for QK_WORK_SLICE, QK_WORK_LEASE, QK_WORK_QUEUES or (asynchronous backends) QK_WORK_VIEW. */
int qki_run_step(qk_store *store, qk_work *work, int64_t deadline_ms);

/* Who gets a started work back. work.owner points here. */
struct qki_owner {
  void (*done)(qk_store *store, qk_work *work);
};

#endif
