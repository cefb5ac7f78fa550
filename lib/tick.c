#include "tick.h"

#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "cursor.h"
#include "platform.h"
#include "store.h"

#define SLICE_PEOPLE 1000 /* per lock hold or round trip, unless the backend takes fewer */
#define LEASE_MS 1000
#define SKIPPED_VIEW_MS 5000 /* how old the view of a queue gets that another host ticks, for metrics */
#define STEP_MS 200          /* what a step over a network is given, if the tick has so much */

int qki_rotation_init(struct qki_rotation *rotation)
{
  rotation->position = 0;
  return pthread_mutex_init(&rotation->lock, NULL) == 0 ? QK_OK : QK_ENOMEM;
}

void qki_rotation_finish(struct qki_rotation *rotation)
{
  pthread_mutex_destroy(&rotation->lock);
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

/* ---- The end ---- */

void qki_tick_drop(struct qki_tick *tick)
{
  free(tick->view);
  tick->view = NULL;
}

static void end(struct qki_tick *tick)
{
  qk_tick_report *report = &tick->report;
  tick->step = 0;
  qki_tick_drop(tick);
  if (tick->named && tick->code != QK_OK) {
    memset(report, 0, sizeof *report);
    return;
  }
  if (!tick->named)
    rotation_set(&tick->store->rotation, tick->page.position);
  if (report->more)
    report->next_ms = 0;
  report->elapsed_us = (uint64_t)(qki_monotonic_us() - tick->start_us);
}

static int is_late(const struct qki_tick *tick)
{
  return qki_monotonic_ms() >= tick->stop_ms;
}

/* ---- From queue to queue: from where the last call stopped to the end of the list, then from its start to
 * there ---- */

static void look_for_queue(struct qki_tick *tick)
{
  tick->before = tick->page.position;
  tick->step = QK_WORK_QUEUES;
}

/* Through with a queue, or there was none at this place. */
static void go_on(struct qki_tick *tick)
{
  if (tick->named) {
    end(tick);
    return;
  }
  if (tick->page.position == 0) {
    if (tick->wrapped) {
      end(tick);
      return;
    }
    tick->wrapped = 1;
  }
  look_for_queue(tick);
}

static void go_on_in_time(struct qki_tick *tick)
{
  if (!tick->named && is_late(tick)) {
    tick->report.more = 1;
    end(tick);
    return;
  }
  go_on(tick);
}

/* ---- One queue ---- */

static void add_queue(qk_tick_report *report, const qk_slice *slice)
{
  report->queues++;
  report->waiting += slice->waiting;
  report->ready += slice->ready;
  report->active += slice->active;
  if (slice->more || slice->unfinished)
    report->more = 1;
  if (slice->next_ms < report->next_ms)
    report->next_ms = slice->next_ms;
}

/* A queue of qk_tick(NULL) that vanished meanwhile is no failure. */
static void took_failure(struct qki_tick *tick, int code)
{
  qki_store_heard(tick->store, code);
  if (code == QK_ENOTFOUND)
    qki_known_forget(&tick->store->knowns, &tick->name);
  if ((tick->named || code != QK_ENOTFOUND) && tick->code == QK_OK)
    tick->code = code;
  go_on_in_time(tick);
}

static void start_slices(struct qki_tick *tick)
{
  qk_store *store = tick->store;
  uint64_t budget = store->host.options.tick_budget ? store->host.options.tick_budget : UINT64_MAX;
  tick->slice = (qk_slice){.now_ms = tick->now_ms,
                           .max = SLICE_PEOPLE,
                           .may_end = budget,
                           .may_drop = budget,
                           .may_admit = budget};
  tick->step = QK_WORK_SLICE;
  tick->queue_us = qki_monotonic_us();
  tick->moved = 0;
  struct qki_known *known = qki_known_find(&store->knowns, &tick->name);
  if (known && qki_cursor_serves(store))
    qki_told_send(store, known, qki_store_ticks(store));
}

/* Where the present queue is measured. Instant and blocking backends ask for the place themselves, if they
 * measure. */
static struct qki_known *find_known(struct qki_tick *tick)
{
  struct qki_knowns *knowns = &tick->store->knowns;
  tick->known = tick->view ? qki_known_get(knowns, &tick->name) : qki_known_find(knowns, &tick->name);
  return tick->known;
}

/* The tick of one queue is over: count it. */
static void record(struct qki_tick *tick)
{
  struct qki_known *known = find_known(tick);
  int64_t now_us = qki_monotonic_us();
  atomic_fetch_add_explicit(&tick->store->host.counts.ticked_queues, 1, memory_order_relaxed);
  if (!known)
    return;
  qki_histogram_add(&known->tick_us, &qki_scale_calls, (uint64_t)(now_us - tick->queue_us), 1);
  qki_histogram_add(&known->tick_people, &qki_scale_people, tick->moved, 1);
  atomic_store_explicit(&known->ticked_ms, now_us / 1000, memory_order_relaxed);
}

/* Another host ticks it. */
static void record_skip(struct qki_tick *tick)
{
  struct qki_known *known = find_known(tick);
  if (!known)
    return;
  atomic_fetch_add_explicit(&known->tick_skips, 1, memory_order_relaxed);
  atomic_store_explicit(&known->ticked_ms, qki_monotonic_ms(), memory_order_relaxed);
}

/* Look at the queue, for polls and metrics, if the last look is so long ago, and time is left. */
static void look_or_go_on(struct qki_tick *tick, int64_t age_ms)
{
  if (tick->view && tick->known && !is_late(tick) && qki_cursor_age_ms(tick->store, tick->known) >= age_ms) {
    tick->step = QK_WORK_VIEW;
    tick->view_ms = qki_store_ticks(tick->store);
  } else {
    go_on_in_time(tick);
  }
}

static void took_slice(struct qki_tick *tick, int code)
{
  qk_slice *slice = &tick->slice;
  if (code != QK_OK) {
    took_failure(tick, code);
    return;
  }
  tick->report.admitted += slice->admitted;
  tick->report.lapsed += slice->lapsed;
  tick->report.expired += slice->expired;
  tick->report.dropped += slice->dropped;
  tick->moved += slice->admitted + slice->lapsed + slice->expired + slice->dropped;
  if (slice->unfinished && !is_late(tick)) {
    slice->max = SLICE_PEOPLE;
    return;
  }
  add_queue(&tick->report, slice);
  record(tick);
  look_or_go_on(tick, tick->moved > 0 ? 0 : qki_cursor_refresh_ms(tick->store));
}

/* Without a view the tick was as good. */
static void took_view(struct qki_tick *tick, int code)
{
  if (code == QK_OK)
    qki_cursor_install(tick->known, tick->view, tick->view_ms);
  go_on_in_time(tick);
}

static void took_lease(struct qki_tick *tick, int got)
{
  if (got > 0)
    start_slices(tick);
  else if (got < 0)
    took_failure(tick, got);
  else {
    tick->report.skipped++;
    if (tick->report.next_ms > LEASE_MS)
      tick->report.next_ms = LEASE_MS;
    record_skip(tick);
    look_or_go_on(tick, SKIPPED_VIEW_MS);
  }
}

static void took_queue(struct qki_tick *tick, int got)
{
  if (got < 0) {
    tick->code = tick->code != QK_OK ? tick->code : got;
    end(tick);
  } else if (got == 0) {
    go_on(tick);
  } else if (tick->wrapped && tick->start != 0 && tick->before >= tick->start) {
    tick->page.position = tick->before;
    end(tick);
  } else {
    qki_store_name(tick->store, &tick->name, tick->text[0], strlen(tick->text[0]));
    if (tick->store->ops->caps & QK_CAP_SHARED)
      tick->step = QK_WORK_LEASE;
    else
      start_slices(tick);
  }
}

void qki_tick_advance(struct qki_tick *tick, int got)
{
  if (tick->step == QK_WORK_SLICE)
    took_slice(tick, got);
  else if (tick->step == QK_WORK_LEASE)
    took_lease(tick, got);
  else if (tick->step == QK_WORK_VIEW)
    took_view(tick, got);
  else
    took_queue(tick, got);
}

static int64_t least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

void qki_tick_begin(struct qki_tick *tick, qk_store *store, const char *text, int64_t deadline_ms)
{
  memset(tick, 0, sizeof *tick);
  tick->store = store;
  tick->start_us = qki_monotonic_us();
  tick->now_ms = qki_store_clock(store);
  tick->deadline_ms = tick->stop_ms = deadline_ms;
  if (!(store->ops->caps & QK_CAP_INSTANT))
    tick->stop_ms -= least(STEP_MS, store->host.options.timeout_ms / 4);
  tick->lease_ms = LEASE_MS;
  tick->report.next_ms = UINT32_MAX;
  tick->named = text != NULL;
  if (store->ops->caps & QK_CAP_ASYNC) {
    tick->view = malloc(sizeof *tick->view);
    if (!tick->view) {
      tick->code = QK_ENOMEM;
      end(tick);
      return;
    }
  }
  if (!text) {
    tick->start = rotation_get(&store->rotation);
    tick->wrapped = tick->start == 0;
    tick->page = (qk_page){.position = tick->start, .names = tick->text, .max = 1};
    look_for_queue(tick);
    return;
  }
  tick->code = qki_store_queue(store, &tick->name, text);
  if (tick->code == QK_OK)
    start_slices(tick);
  else
    end(tick);
}

qk_work qki_tick_work(struct qki_tick *tick)
{
  qk_work work = {.verb = tick->step, .queue = tick->name, .now_ms = tick->now_ms};
  work.detail = tick->step == QK_WORK_SLICE   ? (void *)&tick->slice
                : tick->step == QK_WORK_LEASE ? (void *)&tick->lease_ms
                : tick->step == QK_WORK_VIEW  ? (void *)tick->view
                                              : (void *)&tick->page;
  return work;
}

int qki_tick(qk_store *store, const char *text, int64_t deadline_ms, qk_tick_report *report)
{
  struct qki_tick tick;
  qki_tick_begin(&tick, store, text, deadline_ms);
  while (tick.step) {
    qk_work work = qki_tick_work(&tick);
    qki_tick_advance(&tick, qki_run_step(store, &work, deadline_ms));
  }
  *report = tick.report;
  return tick.code;
}
