/* What this host knows of the queues that it works with: the last view of each, who polled and must be told
 * of, times and counts. Found without a lock; a queue that is removed is forgotten.
 *
 * A record that is forgotten is empty, and serves the same queue again at any time, another one a minute
 * later at the earliest, and only if no backend holds its times. A reader that stood still for longer sees
 * the other queue's record, whose epoch is not that of its token. */
#ifndef QKI_KNOWN_H
#define QKI_KNOWN_H

#include <pthread.h>
#include <stdatomic.h>

#include <qk_backend.h>

#include "cursor.h"
#include "histogram.h"
#include "told.h"

struct qk_times {
  struct qki_histogram wait, stay;
};

enum { QKI_BY_CURSOR, QKI_BY_STORE, QKI_SOURCES };

struct qki_known {
  _Atomic(struct qki_known *) next; /* in its bucket */
  struct qki_known *older;          /* all that were ever made */
  struct qki_known *forgotten_next;
  char name[QK_QUEUE_MAX + 1];
  uint32_t len;
  uint64_t hash;
  qk_times times;
  atomic_int is_gone; /* forgotten */
  /* Under the table's lock: */
  size_t holders;       /* backends that hold the times */
  int is_queued;        /* in the list of those forgotten */
  int64_t forgotten_ms; /* monotonic */

  struct qki_histogram tick_us, tick_people;
  _Atomic uint64_t tick_skips, polls[QKI_SOURCES];
  _Atomic int64_t ticked_ms; /* monotonic; 0 = never */

  pthread_mutex_t lock; /* of view, viewed_ms, told */
  qk_view view;
  int64_t viewed_ms;          /* monotonic; 0 = never */
  struct qki_sight_box sight; /* what polls need of the view */
  struct qki_asking asking;   /* for the next one */
  struct qki_told told;
};

#define QKI_KNOWN_BUCKETS 1024

struct qki_knowns {
  _Atomic(struct qki_known *) buckets[QKI_KNOWN_BUCKETS];
  pthread_mutex_t lock; /* of changes */
  struct qki_known *all;
  struct qki_known *forgotten, **forgotten_last;
};

/* QK_OK or QK_ENOMEM. */
int qki_knowns_init(struct qki_knowns *knowns);
void qki_knowns_finish(struct qki_knowns *knowns, int forked);

/* The record of a queue, made if need be. NULL without memory. */
struct qki_known *qki_known_get(struct qki_knowns *knowns, const qk_name *queue);
/* NULL if there is none. */
struct qki_known *qki_known_find(struct qki_knowns *knowns, const qk_name *queue);
/* The queue is no more: its record disappears. */
void qki_known_forget(struct qki_knowns *knowns, const qk_name *queue);

/* Forget a queue of which nothing was heard for long, unless its times are held. */
void qki_known_retire(struct qki_knowns *knowns, struct qki_known *known);

/* Go through the records: NULL begins, NULL ends. What comes and goes meanwhile may be left out. */
struct qki_known *qki_known_after(struct qki_knowns *knowns, const struct qki_known *known);
/* The name of a record. */
qk_name qki_known_name(const struct qki_known *known);

#endif
