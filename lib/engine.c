#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform.h"
#include "store.h"

#define CHUNK                                                                                                \
  64 /* works handed to the backend at once: enough to overlap cache misses, small enough for any stack */

/* Works under preparation, with the names that tokens gave them. */
struct chunk {
  qk_work works[CHUNK];
  struct qki_claims claims[CHUNK];
  qk_op *ops[CHUNK];
  size_t n;
  int64_t now_ms, deadline_ms; /* of the whole call */
};

/* A work in the hands of an asynchronous backend. */
struct qki_flight {
  qk_work work;
  struct qki_claims claims;
  qk_op *op;
  struct qki_flight *next, *prev;
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

/* ---- Beginning and end ---- */

int qki_engine_init(struct qki_engine *engine, size_t window)
{
  memset(engine, 0, sizeof *engine);
  engine->window = window;
  engine->set_fd = -1;
  engine->ready_fd = qki_flag_open();
  engine->wake_fd = qki_flag_open();
  if (engine->ready_fd >= 0 && engine->wake_fd >= 0 && pthread_mutex_init(&engine->lock, NULL) == 0)
    return QK_OK;
  if (engine->ready_fd >= 0)
    close(engine->ready_fd);
  if (engine->wake_fd >= 0)
    close(engine->wake_fd);
  return QK_ESTORE;
}

int qki_engine_watch(struct qki_engine *engine, int backend_fd)
{
  int fds[3] = {engine->ready_fd, engine->wake_fd, backend_fd};
  engine->set_fd = qki_fdset_open(fds, backend_fd >= 0 ? 3 : 2);
  return engine->set_fd >= 0 ? QK_OK : QK_ESTORE;
}

/* ---- From ops to works ---- */

static const uint64_t no_words[4];

static void clear_outputs(qk_op *op)
{
  qki_ticket_clear(op->ticket);
  if (op->report)
    *op->report = (qk_tick_report){0};
}

/* End an op that is no op: 1 if so. One of another size has no fields to trust. */
static int refuse(qk_op *op)
{
  if (op->size == sizeof *op && !memcmp(op->reserved, no_words, sizeof op->reserved) &&
      op->verb >= QK_ENTER && op->verb <= QK_TICK)
    return 0;
  op->result = QK_EINVAL;
  if (op->size == sizeof *op)
    clear_outputs(op);
  return 1;
}

/* Turn an op into a work: QK_OK, or the code that ends it. Clears the ticket. */
static int prepare(qk_store *store, const qk_op *op, qk_work *work, struct qki_claims *claims,
                   const qk_work *like)
{
  qki_ticket_clear(op->ticket);
  if (op->token) {
    if (op->queue || op->user || op->verb == QK_ENTER)
      return QK_EINVAL;
    return qki_work_by_token(store, work, claims, op->verb, op->token, op->ticket);
  }
  return qki_work_by_name(store, work, like, op->verb, op->queue, op->user, op->cls, op->ticket);
}

static int is_bad_tick(const qk_op *op)
{
  return op->token || op->user;
}

/* End an op that was not carried out, or nobody knows: with code, unless it was bad anyway. */
static void give_up(qk_store *store, qk_op *op, int code)
{
  qk_work work;
  struct qki_claims claims;
  if (refuse(op))
    return;
  clear_outputs(op);
  op->result = op->verb == QK_TICK ? QK_OK : prepare(store, op, &work, &claims, NULL);
  if (op->result == QK_OK)
    op->result = code;
}

/* In a child of fork() the ops are the parent's. */
static void settle_all(qk_store *store, int forked)
{
  struct qki_engine *engine = &store->engine;
  while (engine->pending.first && !forked)
    give_up(store, pop(&engine->pending), QK_ESTORE);
  while (engine->flights) {
    struct qki_flight *flight = engine->flights;
    engine->flights = flight->next;
    if (!forked)
      give_up(store, flight->op, QK_EUNKNOWN);
    free(flight);
  }
}

void qki_engine_finish(qk_store *store, int forked)
{
  struct qki_engine *engine = &store->engine;
  settle_all(store, forked);
  if (engine->set_fd >= 0)
    close(engine->set_fd);
  close(engine->ready_fd);
  close(engine->wake_fd);
  if (!forked)
    pthread_mutex_destroy(&engine->lock);
}

/* ---- Blocking calls ---- */

int qki_engine_run(qk_store *store, qk_work *work)
{
  /* Instant backends look at no deadline: spare them the clock. */
  int64_t deadline_ms = store->ops->caps & QK_CAP_INSTANT ? INT64_MAX : qki_store_deadline(store);
  store->ops->run(store->backend, work, 1, deadline_ms);
  return work->result;
}

static void start_chunk(const qk_store *store, struct chunk *chunk)
{
  chunk->n = 0;
  chunk->now_ms = qki_store_clock(store);
  chunk->deadline_ms = qki_store_deadline(store);
}

static void run_chunk(qk_store *store, struct chunk *chunk)
{
  if (chunk->n == 0)
    return;
  store->ops->run(store->backend, chunk->works, chunk->n, chunk->deadline_ms);
  for (size_t i = 0; i < chunk->n; i++) {
    chunk->ops[i]->result = chunk->works[i].result;
    qki_store_note(store, chunk->works[i].result, chunk->works[i].queue.text);
  }
  chunk->n = 0;
}

static void run_tick(qk_store *store, qk_op *op, int64_t deadline_ms)
{
  qk_tick_report report = {0};
  op->result = is_bad_tick(op) ? QK_EINVAL : qki_tick(store, op->queue, deadline_ms, &report);
  qki_store_note(store, op->result, op->queue);
  if (op->report)
    *op->report = report;
}

/* Add an op to the chunk, or end it at once if it is bad; ticks and full chunks run what has gathered. */
static void feed(qk_store *store, struct chunk *chunk, qk_op *op)
{
  if (refuse(op))
    return;
  if (op->verb == QK_TICK) {
    run_chunk(store, chunk);
    run_tick(store, op, chunk->deadline_ms);
    return;
  }
  qk_work *work = &chunk->works[chunk->n];
  op->result = prepare(store, op, work, &chunk->claims[chunk->n], chunk->n > 0 ? work - 1 : NULL);
  if (op->result != QK_OK)
    return;
  work->now_ms = chunk->now_ms;
  chunk->ops[chunk->n++] = op;
  if (chunk->n == CHUNK)
    run_chunk(store, chunk);
}

int qk_batch(qk_store *store, qk_op *ops, size_t count)
{
  struct chunk chunk;
  int code = qki_store_usable(store);
  if (code != QK_OK)
    return code;
  if (!ops && count > 0)
    return QK_EINVAL;
  start_chunk(store, &chunk);
  for (size_t i = 0; i < count; i++)
    feed(store, &chunk, &ops[i]);
  run_chunk(store, &chunk);
  return qki_store_leave(store, QK_OK, NULL);
}

/* ---- The descriptor ---- */

/* Readable while there is something to reap, or to begin with nobody at it. */
static void signal_locked(struct qki_engine *engine)
{
  int want = engine->done.count > 0 || (engine->pending.count > 0 && !engine->pumping);
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

static void run_all(qk_store *store, qk_op *const *ops, size_t count)
{
  struct chunk chunk;
  start_chunk(store, &chunk);
  for (size_t i = 0; i < count; i++)
    feed(store, &chunk, ops[i]);
  run_chunk(store, &chunk);
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
  if (code != QK_OK || !instant)
    return code;
  run_all(store, ops, count);
  hand_back(&store->engine, ops, count);
  return qki_store_leave(store, QK_OK, NULL);
}

/* ---- Pumping: pending ops are carried out by whoever reaps, one thread at a time, in the order of
 * submission ---- */

static size_t take_pending_locked(struct qki_engine *engine, qk_op **ops, size_t max)
{
  size_t n = 0;
  while (n < max && engine->pending.first)
    ops[n++] = pop(&engine->pending);
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
    give_up(store, ops[i], QK_ESTORE);
    hand_back(&store->engine, &ops[i], 1);
  }
  return kept;
}

static void link_flight(struct qki_engine *engine, struct qki_flight *flight)
{
  pthread_mutex_lock(&engine->lock);
  flight->prev = NULL;
  flight->next = engine->flights;
  if (flight->next)
    flight->next->prev = flight;
  engine->flights = flight;
  pthread_mutex_unlock(&engine->lock);
}

static void unlink_flight_locked(struct qki_engine *engine, struct qki_flight *flight)
{
  if (flight->prev)
    flight->prev->next = flight->next;
  else
    engine->flights = flight->next;
  if (flight->next)
    flight->next->prev = flight->prev;
}

void qk_host_done(qk_host *host, qk_work *work)
{
  qk_store *store = (qk_store *)host;
  struct qki_engine *engine = &store->engine;
  struct qki_flight *flight = work->owner;
  flight->op->result = work->result;
  qki_store_note(store, work->result, work->queue.text);
  pthread_mutex_lock(&engine->lock);
  unlink_flight_locked(engine, flight);
  push(&engine->done, flight->op);
  signal_locked(engine);
  pthread_mutex_unlock(&engine->lock);
  free(flight);
}

static int has_flights(struct qki_engine *engine)
{
  pthread_mutex_lock(&engine->lock);
  int has = engine->flights != NULL;
  pthread_mutex_unlock(&engine->lock);
  return has;
}

/* A tick takes effect after what was submitted before it. */
static void land(qk_store *store, int64_t due_ms)
{
  while (has_flights(&store->engine) && qki_monotonic_ms() < due_ms)
    store->ops->process(store->backend, 10);
}

/* Begin one op on an asynchronous backend. NULL if it is done already, refused or a tick. */
static struct qki_flight *lift(qk_store *store, qk_op *op, int64_t now_ms)
{
  struct qki_flight *flight;
  if (refuse(op))
    return NULL;
  if (op->verb == QK_TICK) {
    land(store, get_due(op));
    run_tick(store, op, get_due(op));
    return NULL;
  }
  flight = malloc(sizeof *flight);
  if (!flight) {
    give_up(store, op, QK_ENOMEM);
    return NULL;
  }
  op->result = prepare(store, op, &flight->work, &flight->claims, NULL);
  if (op->result != QK_OK) {
    free(flight);
    return NULL;
  }
  flight->op = op;
  flight->work.now_ms = now_ms;
  flight->work.owner = flight;
  flight->work.next = NULL;
  return flight;
}

static void start_all(qk_store *store, qk_op **ops, size_t n)
{
  int64_t now_ms = qki_store_clock(store);
  for (size_t i = 0; i < n; i++) {
    int64_t due_ms = get_due(ops[i]);
    struct qki_flight *flight = lift(store, ops[i], now_ms);
    if (!flight) {
      hand_back(&store->engine, &ops[i], 1);
      continue;
    }
    link_flight(&store->engine, flight);
    store->ops->start(store->backend, &flight->work, due_ms);
  }
}

static int begin_pump(struct qki_engine *engine, qk_op **ops, size_t *n)
{
  pthread_mutex_lock(&engine->lock);
  int mine = !engine->pumping;
  if (mine) {
    *n = take_pending_locked(engine, ops, CHUNK);
    engine->pumping = 1;
    signal_locked(engine);
  }
  pthread_mutex_unlock(&engine->lock);
  return mine;
}

static void end_pump(struct qki_engine *engine)
{
  pthread_mutex_lock(&engine->lock);
  engine->pumping = 0;
  signal_locked(engine);
  pthread_mutex_unlock(&engine->lock);
}

static void pump(qk_store *store)
{
  struct qki_engine *engine = &store->engine;
  qk_op *ops[CHUNK];
  size_t n = 0;
  if (store->ops->caps & QK_CAP_INSTANT || !begin_pump(engine, ops, &n))
    return;
  n = drop_late(store, ops, n);
  if (store->ops->caps & QK_CAP_ASYNC) {
    start_all(store, ops, n);
    store->ops->process(store->backend, 0);
  } else if (n > 0) {
    run_all(store, ops, n);
    hand_back(engine, ops, n);
  }
  end_pump(engine);
}

/* ---- Reap ---- */

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

/* Pump and collect until there is something, the time is up, a signal came, or somebody called qk_wakeup. */
static int reap(qk_store *store, qk_op **done, size_t max, int timeout_ms)
{
  struct qki_engine *engine = &store->engine;
  int64_t until_ms = timeout_ms > 0 ? qki_monotonic_ms() + timeout_ms : 0;
  for (;;) {
    pump(store);
    int n = collect(engine, done, max);
    if (n > 0)
      return n;
    if (qki_flag_clear(engine->wake_fd) || timeout_ms == 0)
      return 0;
    int wait_ms = timeout_ms < 0 ? -1 : left_ms(until_ms);
    if (wait_ms == 0 || qki_fd_wait(engine->set_fd, wait_ms) < 0)
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
  qki_store_leave(store, QK_OK, NULL);
  return n;
}
