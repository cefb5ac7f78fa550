/* What the host's callbacks are to hear: events and log lines. They are queued where they arise, under
 * whatever lock, and delivered in that order by one thread at a time with no lock held; so events stay
 * ordered per person although many threads make them. Best effort: what finds no memory is dropped. */
#ifndef QKI_EVENTS_H
#define QKI_EVENTS_H

#include <pthread.h>

#include <qk_backend.h>

#define QKI_LOG_MEMORY 64

/* A log line that was let through: the next of its kind must be of another second. */
struct qki_log_seen {
  uint64_t queue_hash;
  int64_t second;
  int code;
};

struct qki_notice;

struct qki_events {
  pthread_mutex_t lock;
  struct qki_notice *first, **last;
  int delivering;
  struct qki_log_seen seen[QKI_LOG_MEMORY];
};

int qki_events_init(struct qki_events *events);
/* Drops what was not delivered. */
void qki_events_finish(struct qki_events *events);
/* Deliver what is queued, unless another thread (or a caller further up the stack) is at it. Call with no
 * lock held. */
void qki_events_deliver(qk_host *host);

#endif
