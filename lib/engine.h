/* Submit and reap: the window, the done list, the descriptor.
 *
 * Submitted ops stand in one of three places: pending (taken, not yet begun), in flight (begun by an
 * asynchronous backend), done (waiting for qk_reap). Pending and done ones are linked through qk_op.internal,
 * so taking one allocates nothing. */
#ifndef QKI_ENGINE_H
#define QKI_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include <qk_backend.h>

#define QKI_WINDOW_DEFAULT 16384
#define QKI_WINDOW_MAX (1u << 20)

struct qki_op_list {
  qk_op *first, *last;
  size_t count;
};

struct qki_flight;

struct qki_engine {
  pthread_mutex_t lock;
  struct qki_op_list pending, done;
  struct qki_flight *flights, *spare; /* in flight; kept for the next */
  size_t in_flight;
  int ticking;  /* a tick is in flight: what comes after it waits */
  size_t taken; /* submitted and not reaped */
  size_t window;
  int pumping;   /* a thread is carrying pending ops out */
  int signalled; /* the ready flag is raised */
  int ready_fd, wake_fd;
  int alarm_fd;             /* a timer: notes are due (told.h) */
  _Atomic int64_t alarm_ms; /* monotonic; when it rings, INT64_MAX = never */
  int set_fd;               /* what the host watches: these, and the backend's */
  int idle_fd;              /* these, and the flag that says that nobody drives the backend */
};

/* QK_OK, QK_ENOMEM, or QK_ESTORE if no descriptor is left. backend_fd is -1 or the backend's. */
int qki_engine_init(struct qki_engine *engine, size_t window);
int qki_engine_watch(qk_store *store, int backend_fd);
/* Have qk_reap() see to notes in in_ms at the latest. Any thread. */
void qki_engine_alarm(qk_store *store, int64_t in_ms);
/* Ops that were submitted and not reaped. */
size_t qki_engine_taken(qk_store *store);
/* End what was not reaped. forked = 1: touch neither lock nor descriptor of the parent. */
void qki_engine_finish(qk_store *store, int forked);

#endif
