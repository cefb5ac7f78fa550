/* Ticks: slices, budget, rotation over all queues, lease. */
#ifndef QKI_TICK_H
#define QKI_TICK_H

#include <pthread.h>

#include <qk_backend.h>

struct qki_known;

/* Where qk_tick(NULL) goes on. */
struct qki_rotation {
  pthread_mutex_t lock;
  uint64_t position;
};

int qki_rotation_init(struct qki_rotation *rotation);
void qki_rotation_finish(struct qki_rotation *rotation);

/* A tick, as a chain of steps that the backend carries out one after the other. */
struct qki_tick {
  qk_store *store;
  qk_tick_report report;
  int code; /* so far the first failure */
  /* The next step: QK_WORK_SLICE, _LEASE, _QUEUES or _VIEW, and its arguments; 0 = the tick is over. */
  int step;
  qk_name name;
  qk_slice slice;
  uint32_t lease_ms;
  qk_page page;
  qk_view *view; /* owned; of asynchronous backends */
  /* Its own. */
  struct qki_known *known;   /* the present queue; NULL = not measured */
  int64_t queue_us, view_ms; /* when its tick, and its view, were begun */
  uint64_t moved;            /* people, of the present queue */
  int64_t now_ms, deadline_ms, start_us;
  int64_t stop_ms;        /* no step is begun from here on: it might not end in time */
  uint64_t start, before; /* where the rotation began; where the present queue stands */
  int named, wrapped;
  char text[1][QK_QUEUE_MAX + 1];
};

/* Begin to tick one queue, or every queue if text is NULL. */
void qki_tick_begin(struct qki_tick *tick, qk_store *store, const char *text, int64_t deadline_ms);
/* The work that is the present step. */
qk_work qki_tick_work(struct qki_tick *tick);
/* Take what the present step gave, and make the next one. */
void qki_tick_advance(struct qki_tick *tick, int got);

/* Drop a tick that is under way. */
void qki_tick_drop(struct qki_tick *tick);

/* A whole tick, waiting for each step. *report is set in any case. Delivers no events. */
int qki_tick(qk_store *store, const char *text, int64_t deadline_ms, qk_tick_report *report);

#endif
