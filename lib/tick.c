#include "tick.h"

#include <string.h>

#include "platform.h"
#include "store.h"

#define SLICE_PEOPLE 1000 /* per lock hold or round trip, unless the backend takes fewer */
#define LEASE_MS 1000

int qki_rotation_init(struct qki_rotation *rotation)
{
  rotation->position = 0;
  return pthread_mutex_init(&rotation->lock, NULL) == 0 ? QK_OK : QK_ENOMEM;
}

void qki_rotation_finish(struct qki_rotation *rotation)
{
  pthread_mutex_destroy(&rotation->lock);
}

/* A tick under way. */
struct round {
  qk_store *store;
  qk_tick_report *report;
  int64_t now_ms, deadline_ms;
  int code; /* the first failure */
};

static void add_up(qk_tick_report *report, const qk_slice *slice)
{
  report->admitted += slice->admitted;
  report->lapsed += slice->lapsed;
  report->expired += slice->expired;
  report->dropped += slice->dropped;
}

static void add_queue(qk_tick_report *report, const qk_slice *slice, int unfinished)
{
  report->queues++;
  report->waiting += slice->waiting;
  report->ready += slice->ready;
  report->active += slice->active;
  if (slice->more || unfinished)
    report->more = 1;
  if (slice->next_ms < report->next_ms)
    report->next_ms = slice->next_ms;
}

static int is_late(const struct round *round)
{
  return qki_monotonic_ms() >= round->deadline_ms;
}

/* All slices of one queue, until done, out of budget, or out of time. */
static int tick_queue(struct round *round, const qk_name *name)
{
  qk_store *store = round->store;
  uint64_t budget = store->host.options.tick_budget ? store->host.options.tick_budget : UINT64_MAX;
  qk_slice slice = {.now_ms = round->now_ms, .may_end = budget, .may_drop = budget, .may_admit = budget};
  int code;
  do {
    slice.max = SLICE_PEOPLE;
    code = store->ops->tick_slice(store->backend, name, &slice, round->deadline_ms);
    if (code != QK_OK)
      return code;
    add_up(round->report, &slice);
  } while (slice.unfinished && !is_late(round));
  add_queue(round->report, &slice, (int)slice.unfinished);
  return QK_OK;
}

/* A queue of qk_tick(NULL): under a lease where hosts share it; one that vanished meanwhile is no failure. */
static void visit(struct round *round, const char *text)
{
  qk_store *store = round->store;
  qk_name name;
  int code = QK_OK;
  qki_store_name(store, &name, text, strlen(text));
  if (store->ops->lease) {
    code = store->ops->lease(store->backend, &name, LEASE_MS, round->deadline_ms);
    if (code == 0) {
      round->report->skipped++;
      round->report->next_ms = round->report->next_ms < LEASE_MS ? round->report->next_ms : LEASE_MS;
      return;
    }
    code = code > 0 ? QK_OK : code;
  }
  if (code == QK_OK)
    code = tick_queue(round, &name);
  if (code != QK_OK && code != QK_ENOTFOUND && round->code == QK_OK)
    round->code = code;
}

static uint64_t rotation_get(struct qki_rotation *rotation)
{
  pthread_mutex_lock(&rotation->lock);
  uint64_t position = rotation->position;
  pthread_mutex_unlock(&rotation->lock);
  return position;
}

static void rotation_set(struct qki_rotation *rotation, uint64_t position)
{
  pthread_mutex_lock(&rotation->lock);
  rotation->position = position;
  pthread_mutex_unlock(&rotation->lock);
}

/* The next queue in rotation: 1 and its name, 0 at the end of the list, or a code. */
static int next_queue(struct round *round, uint64_t *position, char name[QK_QUEUE_MAX + 1])
{
  qk_store *store = round->store;
  char names[1][QK_QUEUE_MAX + 1];
  int got = store->ops->queues(store->backend, position, names, 1, round->deadline_ms);
  if (got > 0)
    memcpy(name, names[0], sizeof names[0]);
  return got;
}

/* From where the last call stopped to the end of the list, then from its start to there. */
static int tick_all(struct round *round)
{
  struct qki_rotation *rotation = &round->store->rotation;
  uint64_t start = rotation_get(rotation), position = start;
  int wrapped = start == 0;
  for (;;) {
    char name[QK_QUEUE_MAX + 1];
    uint64_t before = position;
    int got = next_queue(round, &position, name);
    if (got < 0)
      return round->code != QK_OK ? round->code : got;
    if (got > 0 && wrapped && start != 0 && before >= start) {
      position = before;
      break;
    }
    if (got > 0)
      visit(round, name);
    if (got > 0 && is_late(round)) {
      round->report->more = 1;
      break;
    }
    if (position == 0) {
      if (wrapped)
        break;
      wrapped = 1;
    }
  }
  rotation_set(rotation, position);
  return round->code;
}

int qki_tick(qk_store *store, const char *text, int64_t deadline_ms, qk_tick_report *report)
{
  int64_t start_us = qki_monotonic_us();
  struct round round = {
      .store = store, .report = report, .now_ms = qki_store_clock(store), .deadline_ms = deadline_ms};
  memset(report, 0, sizeof *report);
  report->next_ms = UINT32_MAX;
  int code;
  if (text) {
    qk_name name;
    code = qki_store_queue(store, &name, text);
    if (code == QK_OK)
      code = tick_queue(&round, &name);
    if (code != QK_OK) {
      memset(report, 0, sizeof *report);
      return code;
    }
  } else {
    code = tick_all(&round);
  }
  if (report->more)
    report->next_ms = 0;
  report->elapsed_us = (uint64_t)(qki_monotonic_us() - start_us);
  return code;
}
