#include "counts.h"

#include "platform.h"
#include "store.h"

#define SHARED (QKI_COUNT_PARTS - 1)

/* Handles lie apart by the threads' stacks: the product's upper bits tell them apart. */
static size_t place_of(uintptr_t thread)
{
  return (size_t)((uint64_t)thread * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SHARED;
}

/* Is this part, or can it be, the thread's own? A handle that comes again is that of a thread whose
 * predecessor has ended. */
static int owns(struct qki_count_part *part, uintptr_t thread)
{
  uintptr_t owner = atomic_load_explicit(&part->owner, memory_order_relaxed);
  return owner == thread || (owner == 0 && atomic_compare_exchange_strong(&part->owner, &owner, thread));
}

void qki_count_calls(struct qki_counts *counts, int32_t verb, int32_t result, uint64_t n)
{
  if (verb < QK_ENTER || verb > QK_TICK || result > QK_OK || result < QK_EDENIED)
    return;
  uintptr_t thread = qki_thread();
  struct qki_count_part *part = &counts->part[place_of(thread)];
  if (owns(part, thread)) {
    _Atomic uint64_t *count = &part->calls[verb][-result];
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + n, memory_order_relaxed);
  } else {
    atomic_fetch_add_explicit(&counts->part[SHARED].calls[verb][-result], n, memory_order_relaxed);
  }
}

void qki_tally_end(struct qki_tally *tally, struct qki_counts *counts)
{
  if (tally->n > 0)
    qki_count_calls(counts, tally->verb, tally->result, tally->n);
  tally->n = 0;
}

void qki_tally_add(struct qki_tally *tally, struct qki_counts *counts, const qk_op *op)
{
  if (op->size != sizeof *op)
    return; /* it has no fields to trust */
  if (op->verb != tally->verb || op->result != tally->result) {
    qki_tally_end(tally, counts);
    tally->verb = op->verb;
    tally->result = op->result;
  }
  tally->n++;
}

uint64_t qki_count_of(const struct qki_counts *counts, int32_t verb, int32_t result)
{
  uint64_t sum = 0;
  for (size_t i = 0; i < QKI_COUNT_PARTS; i++)
    sum += atomic_load_explicit(&counts->part[i].calls[verb][-result], memory_order_relaxed);
  return sum;
}

void qk_host_count(qk_host *host, int kind, uint64_t n)
{
  if (kind >= 0 && kind < QK_COUNT_KINDS)
    atomic_fetch_add_explicit(&host->counts.kind[kind], n, memory_order_relaxed);
}

void qk_host_called(qk_host *host, int call, int64_t took_us, uint64_t people)
{
  if (call < 0 || call >= QKI_COUNT_CALLS)
    return;
  qki_histogram_add(&host->counts.call_us[call], &qki_scale_calls, took_us > 0 ? (uint64_t)took_us : 0, 1);
  qki_histogram_add(&host->counts.call_people[call], &qki_scale_people, people, 1);
}
