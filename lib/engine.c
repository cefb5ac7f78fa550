#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "ops.h"
#include "platform.h"
#include "store.h"

#define CHUNK 64 /* pending ops that are begun at once */

/* An op in the hands of an asynchronous backend. */
struct qki_flight {
  struct qki_owner owner; /* first */
  qk_work work;
  qk_op *op;
  int ticks; /* u.tick is in use */
  struct qki_flight *next, *prev;
  union {
    struct qki_claims claims; /* of a verb: the names that a token gave it */
    struct qki_tick tick;
  } u;
};

/* ---- Lists of ops ---- */

static void *get_link(const qk_op *op)
{
  return op->internal[0];
}

static void push(struct qki_op_list *list, qk_op *op)
{
  op->internal[0] = NULL;
  if (list->last)
    list->last->internal[0] = op;
  else
    list->first = op;
  list->last = op;
  list->count++;
}

static qk_op *pop(struct qki_op_list *list)
{
  qk_op *op = list->first;
  list->first = get_link(op);
  if (!list->first)
    list->last = NULL;
  list->count--;
  return op;
}

/* When a submitted op must be back, on the monotonic clock. */
static void set_due(qk_op *op, int64_t due_ms)
{
  memcpy(&op->internal[1], &due_ms, sizeof due_ms);
}

static int64_t get_due(const qk_op *op)
{
  int64_t due_ms;
  memcpy(&due_ms, &op->internal[1], sizeof due_ms);
  return due_ms;
}

static int is_tick(const qk_op *op)
{
  return op->size == sizeof *op && op->verb == QK_TICK;
}

/* ---- Beginning and end ---- */

static void close_fds(struct qki_engine *engine)
{
  const int fds[] = {engine->set_fd, engine->idle_fd, engine->ready_fd, engine->wake_fd, engine->alarm_fd};
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0)
      close(fds[i]);
}

int qki_engine_init(struct qki_engine *engine, size_t window)
{
  memset(engine, 0, sizeof *engine);
  engine->window = window;
  engine->set_fd = engine->idle_fd = -1;
  engine->ready_fd = qki_flag_open();
  engine->wake_fd = qki_flag_open();
  engine->alarm_fd = qki_timer_open();
  atomic_init(&engine->alarm_ms, INT64_MAX);
  if (engine->ready_fd >= 0 && engine->wake_fd >= 0 && engine->alarm_fd >= 0 &&
      pthread_mutex_init(&engine->lock, NULL) == 0)
    return QK_OK;
  close_fds(engine);
  return QK_ESTORE;
}

int qki_engine_watch(qk_store *store, int backend_fd)
{
  struct qki_engine *engine = &store->engine;
  int fds[4] = {engine->ready_fd, engine->wake_fd, engine->alarm_fd, backend_fd};
  engine->set_fd = qki_fdset_open(fds, backend_fd >= 0 ? 4 : 3);
  fds[3] = store->drive.free_fd;
  engine->idle_fd = qki_fdset_open(fds, 4);
  return engine->set_fd >= 0 && engine->idle_fd >= 0 ? QK_OK : QK_ESTORE;
}

static void free_flights(struct qki_flight *list)
{
  while (list) {
    struct qki_flight *flight = list;
    list = flight->next;
    if (flight->ticks)
      qki_tick_drop(&flight->u.tick);
    free(flight);
  }
}

/* In a child of fork() the ops are the parent's. */
static void settle_all(qk_store *store, int forked)
{
  struct qki_engine *engine = &store->engine;
  while (engine->pending.first && !forked)
    qki_op_give_up(store, pop(&engine->pending), QK_ESTORE);
  for (struct qki_flight *flight = engine->flights; flight && !forked; flight = flight->next)
    qki_op_give_up(store, flight->op, QK_EUNKNOWN);
  free_flights(engine->flights);
  free_flights(engine->spare);
}

void qki_engine_finish(qk_store *store, int forked)
{
  struct qki_engine *engine = &store->engine;
  settle_all(store, forked);
  close_fds(engine);
  if (!forked)
    pthread_mutex_destroy(&engine->lock);
}

/* ---- The descriptor ---- */

/* A tick takes effect after what was submitted before it, and before what comes after. */
static int may_begin_locked(const struct qki_engine *engine)
{
  const qk_op *op = engine->pending.first;
  return op && !engine->ticking && !(is_tick(op) && engine->in_flight > 0);
}

/* Readable while there is something to reap, or to begin with nobody at it. */
static void signal_locked(struct qki_engine *engine)
{
  int want = engine->done.count > 0 || (!engine->pumping && may_begin_locked(engine));
  if (want == engine->signalled)
    return;
  engine->signalled = want;
  if (want)
    qki_flag_raise(engine->ready_fd);
  else
    qki_flag_clear(engine->ready_fd);
}

int qk_fd(qk_store *store)
{
  int code = qki_store_usable(store);
  return code != QK_OK ? code : store->engine.set_fd;
}

void qk_wakeup(qk_store *store)
{
  if (qki_store_usable(store) == QK_OK)
    qki_flag_raise(store->engine.wake_fd);
}

/* ---- Submit ---- */

static int check_submit(const qk_store *store, qk_op *const *ops, size_t count)
{
  if (!ops && count > 0)
    return QK_EINVAL;
  if (count > store->engine.window)
    return QK_EINVAL;
  for (size_t i = 0; i < count; i++)
    if (!ops[i])
      return QK_EINVAL;
  return QK_OK;
}

/* Take all or none. */
static int take(struct qki_engine *engine, qk_op *const *ops, size_t count, int64_t due_ms, int is_pending)
{
  pthread_mutex_lock(&engine->lock);
  int full = engine->taken + count > engine->window;
  if (!full) {
    engine->taken += count;
    for (size_t i = 0; is_pending && i < count; i++) {
      set_due(ops[i], due_ms);
      push(&engine->pending, ops[i]);
    }
    signal_locked(engine);
  }
  pthread_mutex_unlock(&engine->lock);
  return full ? QK_EAGAIN : QK_OK;
}

static void hand_back(struct qki_engine *engine, qk_op *const *ops, size_t count)
{
  pthread_mutex_lock(&engine->lock);
  for (size_t i = 0; i < count; i++)
    push(&engine->done, ops[i]);
  signal_locked(engine);
  pthread_mutex_unlock(&engine->lock);
}

int qk_submit(qk_store *store, qk_op *const *ops, size_t count)
{
  int code = qki_store_usable(store);
  if (code == QK_OK)
    code = check_submit(store, ops, count);
  if (code != QK_OK)
    return code;
  int instant = (store->ops->caps & QK_CAP_INSTANT) != 0;
  code = take(&store->engine, ops, count, instant ? 0 : qki_store_deadline(store), !instant);
  if (code == QK_OK)
    qki_histogram_add(&store->host.counts.batch_ops, &qki_scale_ops, count, 1);
  if (code != QK_OK || !instant)
    return code;
  qki_run_ops(store, ops, count);
  hand_back(&store->engine, ops, count);
  return qki_store_leave(store, QK_OK, NULL);
}

/* ---- Flights ---- */

static struct qki_flight *get_flight(struct qki_engine *engine)
{
  pthread_mutex_lock(&engine->lock);
  struct qki_flight *flight = engine->spare;
  if (flight)
    engine->spare = flight->next;
  pthread_mutex_unlock(&engine->lock);
  return flight ? flight : malloc(sizeof *flight);
}

static void put_flight_locked(struct qki_engine *engine, struct qki_flight *flight)
{
  flight->next = engine->spare;
  engine->spare = flight;
}

static void link_flight_locked(struct qki_engine *engine, struct qki_flight *flight)
{
  flight->prev = NULL;
  flight->next = engine->flights;
  if (flight->next)
    flight->next->prev = flight;
  engine->flights = flight;
  engine->in_flight++;
}

static void unlink_flight_locked(struct qki_engine *engine, struct qki_flight *flight)
{
  if (flight->prev)
    flight->prev->next = flight->next;
  else
    engine->flights = flight->next;
  if (flight->next)
    flight->next->prev = flight->prev;
  engine->in_flight--;
}

static void land(qk_store *store, struct qki_flight *flight)
{
  struct qki_engine *engine = &store->engine;
  pthread_mutex_lock(&engine->lock);
  unlink_flight_locked(engine, flight);
  if (is_tick(flight->op))
    engine->ticking = 0;
  push(&engine->done, flight->op);
  put_flight_locked(engine, flight);
  signal_locked(engine);
  pthread_mutex_unlock(&engine->lock);
}

static void verb_done(qk_store *store, qk_work *work)
{
  struct qki_flight *flight = work->owner;
  flight->op->result = work->result;
  qki_store_note(store, work->result, work->queue.text);
  qki_store_ended(store, work);
  land(store, flight);
}

/* Have the backend do the next step of a tick, or end it. */
static void step_tick(qk_store *store, struct qki_flight *flight)
{
  struct qki_tick *tick = &flight->u.tick;
  if (!tick->step) {
    qki_op_ticked(store, flight->op, tick->code, &tick->report);
    land(store, flight);
    return;
  }
  flight->work = qki_tick_work(tick);
  flight->work.owner = flight;
  store->ops->start(store->backend, &flight->work, tick->deadline_ms);
}

static void step_done(qk_store *store, qk_work *work)
{
  struct qki_flight *flight = work->owner;
  qki_tick_advance(&flight->u.tick, work->result);
  step_tick(store, flight);
}

/* ---- Pumping: pending ops are carried out by whoever reaps, one thread at a time, in the order of
 * submission ---- */

/* Of what may begin now: a tick alone, or up to CHUNK verbs. */
static size_t take_pending_locked(struct qki_engine *engine, qk_op **ops)
{
  size_t n = 0;
  while (n < CHUNK && may_begin_locked(engine) && !(n > 0 && is_tick(engine->pending.first))) {
    ops[n++] = pop(&engine->pending);
    if (is_tick(ops[0]))
      break;
  }
  return n;
}

/* End those that waited too long. Returns how many are left, moved to the front. */
static size_t drop_late(qk_store *store, qk_op **ops, size_t n)
{
  int64_t now_ms = qki_monotonic_ms();
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    if (get_due(ops[i]) > now_ms) {
      ops[kept++] = ops[i];
      continue;
    }
    qki_op_give_up(store, ops[i], QK_ESTORE);
    hand_back(&store->engine, &ops[i], 1);
  }
  return kept;
}

/* Make a flight of an op. NULL if that has ended the op. */
static struct qki_flight *lift(qk_store *store, qk_op *op, int64_t now_ms)
{
  struct qki_flight *flight;
  if (qki_op_refused(op))
    return NULL;
  flight = get_flight(&store->engine);
  if (!flight) {
    qki_op_give_up(store, op, QK_ENOMEM);
    return NULL;
  }
  flight->op = op;
  flight->ticks = is_tick(op);
  flight->work.owner = flight;
  flight->work.now_ms = now_ms;
  if (flight->ticks) {
    flight->owner.done = step_done;
    qki_tick_begin(&flight->u.tick, store, op->queue, get_due(op));
    return flight;
  }
  flight->owner.done = verb_done;
  op->result = qki_op_prepare(store, op, &flight->work, &flight->u.claims, NULL);
  if (op->result == QK_OK)
    return flight;
  if (op->result == QKI_ANSWERED)
    op->result = QK_OK;
  pthread_mutex_lock(&store->engine.lock);
  put_flight_locked(&store->engine, flight);
  pthread_mutex_unlock(&store->engine.lock);
  return NULL;
}

static void launch(qk_store *store, struct qki_flight **flights, size_t n, int64_t due_ms)
{
  struct qki_engine *engine = &store->engine;
  int ticks = is_tick(flights[0]->op);
  pthread_mutex_lock(&engine->lock);
  for (size_t i = 0; i < n; i++) {
    link_flight_locked(engine, flights[i]);
    flights[i]->work.next = i + 1 < n ? &flights[i + 1]->work : NULL;
  }
  engine->ticking = ticks;
  pthread_mutex_unlock(&engine->lock);
  if (ticks)
    step_tick(store, flights[0]);
  else
    store->ops->start(store->backend, &flights[0]->work, due_ms);
}

/* Begin ops: those that were submitted together have one deadline and leave together. */
static void start_all(qk_store *store, qk_op **ops, size_t n)
{
  struct qki_flight *flights[CHUNK];
  int64_t now_ms = qki_store_clock(store), due_ms = 0;
  size_t lifted = 0;
  for (size_t i = 0; i < n; i++) {
    if (lifted > 0 && get_due(ops[i]) != due_ms) {
      launch(store, flights, lifted, due_ms);
      lifted = 0;
    }
    due_ms = get_due(ops[i]);
    struct qki_flight *flight = lift(store, ops[i], now_ms);
    if (flight)
      flights[lifted++] = flight;
    else
      hand_back(&store->engine, &ops[i], 1);
  }
  if (lifted > 0)
    launch(store, flights, lifted, due_ms);
}

/* ---- The alarm ---- */

/* A timer that is set later than need be is set anew; one that rings too early costs a wake-up. */
void qki_engine_alarm(qk_store *store, int64_t in_ms)
{
  struct qki_engine *engine = &store->engine;
  int64_t when_ms = qki_monotonic_ms() + in_ms;
  if (atomic_load(&engine->alarm_ms) <= when_ms)
    return;
  atomic_store(&engine->alarm_ms, when_ms);
  qki_timer_set(engine->alarm_fd, in_ms);
}

static void heed_alarm(qk_store *store)
{
  struct qki_engine *engine = &store->engine;
  if (atomic_load_explicit(&engine->alarm_ms, memory_order_relaxed) == INT64_MAX ||
      !qki_timer_clear(engine->alarm_fd))
    return;
  atomic_store(&engine->alarm_ms, INT64_MAX);
  qki_told_send_all(store);
}

static int begin_pump(struct qki_engine *engine)
{
  pthread_mutex_lock(&engine->lock);
  int mine = !engine->pumping;
  engine->pumping = 1;
  signal_locked(engine);
  pthread_mutex_unlock(&engine->lock);
  return mine;
}

/* More to begin? If not, the pump stops. */
static size_t next_pending(struct qki_engine *engine, qk_op **ops, int more)
{
  pthread_mutex_lock(&engine->lock);
  size_t n = more ? take_pending_locked(engine, ops) : 0;
  if (n == 0) {
    engine->pumping = 0;
    signal_locked(engine);
  }
  pthread_mutex_unlock(&engine->lock);
  return n;
}

/* Asynchronous backends get all that may begin; with others each call does one chunk, so that reaping is not
 * put off. */
static void pump(qk_store *store)
{
  struct qki_engine *engine = &store->engine;
  int async = (store->ops->caps & QK_CAP_ASYNC) != 0;
  qk_op *ops[CHUNK];
  size_t n;
  if (store->ops->caps & QK_CAP_INSTANT || !begin_pump(engine))
    return;
  for (int more = 1; (n = next_pending(engine, ops, more)) > 0; more = async) {
    n = drop_late(store, ops, n);
    if (async) {
      start_all(store, ops, n);
    } else {
      qki_run_ops(store, ops, n);
      hand_back(engine, ops, n);
    }
  }
}

/* ---- Reap ---- */

size_t qki_engine_taken(qk_store *store)
{
  struct qki_engine *engine = &store->engine;
  pthread_mutex_lock(&engine->lock);
  size_t taken = engine->taken;
  pthread_mutex_unlock(&engine->lock);
  return taken;
}

static int collect(struct qki_engine *engine, qk_op **done, size_t max)
{
  int n = 0;
  pthread_mutex_lock(&engine->lock);
  while ((size_t)n < max && n < INT32_MAX && engine->done.first)
    done[n++] = pop(&engine->done);
  engine->taken -= (size_t)n;
  signal_locked(engine);
  pthread_mutex_unlock(&engine->lock);
  return n;
}

static int left_ms(int64_t until_ms)
{
  int64_t left = until_ms - qki_monotonic_ms();
  return left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Sleep until there may be something to do. While another thread drives the backend, its descriptor is that
 * thread's business. Returns as qki_fd_wait(). */
static int sleep_until(qk_store *store, int wait_ms)
{
  int parks = qki_drive_park(&store->drive);
  int got = qki_fd_wait(parks ? store->engine.idle_fd : store->engine.set_fd, wait_ms);
  if (parks)
    qki_drive_unpark(&store->drive);
  return got;
}

/* Pump and collect until there is something, the time is up, a signal came, or somebody called qk_wakeup. */
static int reap(qk_store *store, qk_op **done, size_t max, int timeout_ms)
{
  struct qki_engine *engine = &store->engine;
  int64_t until_ms = timeout_ms > 0 ? qki_monotonic_ms() + timeout_ms : 0;
  for (;;) {
    heed_alarm(store);
    pump(store);
    if (store->ops->caps & QK_CAP_ASYNC)
      qki_drive_once(store);
    int n = collect(engine, done, max);
    if (n > 0)
      return n;
    if (qki_flag_clear(engine->wake_fd) || timeout_ms == 0)
      return 0;
    int wait_ms = timeout_ms < 0 ? -1 : left_ms(until_ms);
    if (wait_ms == 0 || sleep_until(store, wait_ms) < 0)
      return 0;
  }
}

int qk_reap(qk_store *store, qk_op **done, size_t max, int timeout_ms)
{
  int code = qki_store_usable(store);
  if (code != QK_OK)
    return code;
  if (!done || max == 0 || timeout_ms < -1)
    return QK_EINVAL;
  int n = reap(store, done, max, timeout_ms);
  struct qki_tally tally = {0};
  for (int i = 0; i < n; i++)
    qki_tally_add(&tally, &store->host.counts, done[i]);
  qki_tally_end(&tally, &store->host.counts);
  qki_store_leave(store, QK_OK, NULL);
  return n;
}
