/* What one open store counts of its own doings, for qk_metrics(). Nothing here takes a lock. */
#ifndef QKI_COUNTS_H
#define QKI_COUNTS_H

#include <stdatomic.h>

#include <qk_backend.h>

#include "histogram.h"

#define QKI_COUNT_VERBS (QK_TICK + 1)
#define QKI_COUNT_CODES (1 - QK_EDENIED) /* QK_OK and all failures */
#define QKI_COUNT_PARTS 8
#define QKI_COUNT_CALLS 16

/* Calls by verb and result. A part belongs to the thread that came first and is written by it alone, so that
 * it needs no locked instruction; the last part is shared by all who have none. */
struct qki_count_part {
  _Alignas(64) _Atomic uintptr_t owner; /* qki_thread(); 0 = nobody */
  _Atomic uint64_t calls[QKI_COUNT_VERBS][QKI_COUNT_CODES];
};

struct qki_counts {
  struct qki_count_part part[QKI_COUNT_PARTS];
  _Atomic uint64_t kind[QK_COUNT_KINDS]; /* qk_host_count() */
  struct qki_histogram call_us[QKI_COUNT_CALLS], call_people[QKI_COUNT_CALLS];
  struct qki_histogram batch_ops;
  _Atomic uint64_t ticked_queues;
  _Atomic int is_down; /* the last call that needed the store got no answer */
};

/* Count n calls of a verb, QK_ENTER to QK_TICK, with this result; others are not counted. */
void qki_count_calls(struct qki_counts *counts, int32_t verb, int32_t result, uint64_t n);

/* Counting ops that are done, those that are alike at once. Zeroed at first. */
struct qki_tally {
  int32_t verb, result;
  uint64_t n;
};
void qki_tally_add(struct qki_tally *tally, struct qki_counts *counts, const qk_op *op);
void qki_tally_end(struct qki_tally *tally, struct qki_counts *counts);

/* How many there were. */
uint64_t qki_count_of(const struct qki_counts *counts, int32_t verb, int32_t result);

#endif
