#include "batch.h"

#include <stdlib.h>

#include "ops.h"
#include "store.h"

#define CHUNK 64       /* works at once: enough to overlap cache misses, small enough for any stack */
#define CHUNK_BIG 4096 /* for a backend that travels: the more at once, the fewer round trips */

/* ---- Works ---- */

/* Works that a blocking caller started and waits for. */
struct group {
  struct qki_owner owner; /* first */
  qk_wait wait;
  size_t left;
};

static void one_done(qk_store *store, qk_work *work)
{
  struct group *group = work->owner;
  if (--group->left == 0)
    qk_host_over(&store->host, &group->wait);
}

static void start_and_wait(qk_store *store, qk_work *works, size_t n, int64_t deadline_ms)
{
  struct group group = {.owner = {one_done}, .left = n};
  for (size_t i = 0; i < n; i++) {
    works[i].owner = &group;
    works[i].next = i + 1 < n ? &works[i + 1] : NULL;
  }
  store->ops->start(store->backend, works, deadline_ms);
  qk_host_wait(&store->host, &group.wait);
}

static void run_works(qk_store *store, qk_work *works, size_t n, int64_t deadline_ms)
{
  if (store->ops->caps & QK_CAP_ASYNC)
    start_and_wait(store, works, n, deadline_ms);
  else
    store->ops->run(store->backend, works, n, deadline_ms);
}

int qki_run_one(qk_store *store, qk_work *work)
{
  /* Instant backends look at no deadline: spare them the clock. */
  run_works(store, work, 1, store->ops->caps & QK_CAP_INSTANT ? INT64_MAX : qki_store_deadline(store));
  return work->result;
}

int qki_run_step(qk_store *store, qk_work *work, int64_t deadline_ms)
{
  const qk_backend_ops *ops = store->ops;
  qk_page *page = work->detail;
  if (ops->caps & QK_CAP_ASYNC) {
    start_and_wait(store, work, 1, deadline_ms);
    return work->result;
  }
  if (work->verb == QK_WORK_SLICE)
    return ops->tick_slice(store->backend, &work->queue, work->detail, deadline_ms);
  if (work->verb == QK_WORK_LEASE)
    return ops->lease(store->backend, &work->queue, *(uint32_t *)work->detail, deadline_ms);
  return ops->queues(store->backend, &page->position, page->names, page->max, deadline_ms);
}

void qk_host_done(qk_host *host, qk_work *work)
{
  const struct qki_owner *owner = work->owner;
  owner->done((qk_store *)host, work);
}

/* ---- Ops ---- */

/* Works under preparation. */
struct chunk {
  qk_work *works;
  struct qki_claims *claims; /* the names that tokens gave them */
  qk_op **ops;
  size_t n, size;
  int64_t now_ms, deadline_ms; /* of the whole call */
};

static void run_chunk(qk_store *store, struct chunk *chunk)
{
  if (chunk->n == 0)
    return;
  run_works(store, chunk->works, chunk->n, chunk->deadline_ms);
  for (size_t i = 0; i < chunk->n; i++) {
    chunk->ops[i]->result = chunk->works[i].result;
    qki_store_note(store, chunk->works[i].result, chunk->works[i].queue.text);
    qki_store_ended(store, &chunk->works[i]);
  }
  chunk->n = 0;
}

static void run_tick(qk_store *store, qk_op *op, int64_t deadline_ms)
{
  qk_tick_report report;
  int code = qki_tick(store, op->queue, deadline_ms, &report);
  qki_op_ticked(store, op, code, &report);
}

/* Add an op to the chunk, or end it at once if it is bad; ticks and full chunks run what has gathered. */
static void feed(qk_store *store, struct chunk *chunk, qk_op *op)
{
  if (qki_op_refused(op))
    return;
  if (op->verb == QK_TICK) {
    run_chunk(store, chunk);
    run_tick(store, op, chunk->deadline_ms);
    return;
  }
  qk_work *work = &chunk->works[chunk->n];
  op->result = qki_op_prepare(store, op, work, &chunk->claims[chunk->n], chunk->n > 0 ? work - 1 : NULL);
  if (op->result != QK_OK) {
    op->result = op->result == QKI_ANSWERED ? QK_OK : op->result;
    return;
  }
  work->now_ms = chunk->now_ms;
  chunk->ops[chunk->n++] = op;
  if (chunk->n == chunk->size)
    run_chunk(store, chunk);
}

/* Ops as qk_batch has them, or as qk_submit. */
struct span {
  qk_op *array;
  qk_op *const *list;
  size_t count;
};

static void feed_all(qk_store *store, struct chunk *chunk, struct span span)
{
  chunk->n = 0;
  chunk->now_ms = qki_store_clock(store);
  chunk->deadline_ms = qki_store_deadline(store);
  for (size_t i = 0; i < span.count; i++)
    feed(store, chunk, span.array ? &span.array[i] : span.list[i]);
  run_chunk(store, chunk);
}

static void run_small(qk_store *store, struct span span)
{
  qk_work works[CHUNK];
  struct qki_claims claims[CHUNK];
  qk_op *ops[CHUNK];
  struct chunk chunk = {.works = works, .claims = claims, .ops = ops, .size = CHUNK};
  feed_all(store, &chunk, span);
}

/* 0 if there is no memory for that. */
static int run_big(qk_store *store, struct span span)
{
  size_t size = span.count < CHUNK_BIG ? span.count : CHUNK_BIG;
  struct chunk chunk = {.works = malloc(size * sizeof *chunk.works),
                        .claims = malloc(size * sizeof *chunk.claims),
                        .ops = malloc(size * sizeof *chunk.ops),
                        .size = size};
  int fits = chunk.works && chunk.claims && chunk.ops;
  if (fits)
    feed_all(store, &chunk, span);
  free(chunk.works);
  free(chunk.claims);
  free(chunk.ops);
  return fits;
}

static void run_span(qk_store *store, struct span span)
{
  int travels = (store->ops->caps & QK_CAP_ASYNC) != 0;
  if (!travels || span.count <= CHUNK || !run_big(store, span))
    run_small(store, span);
}

void qki_run_ops(qk_store *store, qk_op *const *ops, size_t count)
{
  run_span(store, (struct span){.list = ops, .count = count});
}

int qk_batch(qk_store *store, qk_op *ops, size_t count)
{
  int code = qki_store_usable(store);
  if (code != QK_OK)
    return code;
  if (!ops && count > 0)
    return QK_EINVAL;
  run_span(store, (struct span){.array = ops, .count = count});
  struct qki_counts *counts = &store->host.counts;
  struct qki_tally tally = {0};
  qki_histogram_add(&counts->batch_ops, &qki_scale_ops, count, 1);
  for (size_t i = 0; i < count; i++)
    qki_tally_add(&tally, counts, &ops[i]);
  qki_tally_end(&tally, counts);
  return qki_store_leave(store, QK_OK, NULL);
}
