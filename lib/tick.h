/* Ticks: slices, budget, rotation over all queues, lease. */
#ifndef QKI_TICK_H
#define QKI_TICK_H

#include <pthread.h>

#include <qk_backend.h>

/* Where qk_tick(NULL) goes on. */
struct qki_rotation {
  pthread_mutex_t lock;
  uint64_t position;
};

int qki_rotation_init(struct qki_rotation *rotation);
void qki_rotation_finish(struct qki_rotation *rotation);

/* Tick one queue, or every queue if name is NULL. *report is set in any case. Delivers no events. */
int qki_tick(qk_store *store, const char *name, int64_t deadline_ms, qk_tick_report *report);

#endif
