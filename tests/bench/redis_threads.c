#include <stdio.h>
#include "child.h"
#include "crowd.h"
#include "machine.h"
#include "redis_line.h"
#include "redis_original.h"
#include "redis_parts.h"

#define READY_NS INT64_C(100000000) /* for the threads to start */

/* One side of the measurement, in a process of its own. */
struct side {
  const struct redis_bench *bench;
  uint32_t threads;
  qk_store *store;                      /* ours */
  redisContext *context[CROWD_THREADS]; /* the peer's */
  struct original original;
};

/* Who has not come before: threads take turns behind the people who wait. */
static uint32_t new_person(const struct side *side, uint32_t thread, uint32_t turn)
{
  return side->bench->options->waiting + turn * side->threads + thread;
}

static uint32_t somebody(const struct side *side, uint32_t thread, uint32_t turn)
{
  return line_random((uint64_t)thread << 32 | turn, side->bench->options->waiting);
}

static int our_enter(void *arg, uint32_t thread, uint32_t turn)
{
  const struct side *side = arg;
  char id[LINE_ID_SIZE];
  qk_ticket ticket;
  line_id(id, new_person(side, thread, turn));
  int rc = qk_enter(side->store, LINE_QUEUE, id, &ticket);
  return rc == QK_OK && ticket.fresh ? 0 : line_complain("qk_enter", rc, NULL);
}

static int our_poll(void *arg, uint32_t thread, uint32_t turn)
{
  const struct side *side = arg;
  char id[LINE_ID_SIZE];
  qk_ticket ticket;
  line_id(id, somebody(side, thread, turn));
  int rc = qk_poll(side->store, LINE_QUEUE, id, &ticket);
  return rc == QK_OK ? 0 : line_complain("qk_poll", rc, NULL);
}

static int peer_enter(void *arg, uint32_t thread, uint32_t turn)
{
  struct side *side = arg;
  return original_enter(side->context[thread], &side->original, new_person(side, thread, turn));
}

static int peer_poll(void *arg, uint32_t thread, uint32_t turn)
{
  struct side *side = arg;
  return original_status(side->context[thread], &side->original, somebody(side, thread, turn));
}

/* Two figures: calls per second, and p99. */
static int measure_calls(struct side *side, int (*call)(void *arg, uint32_t thread, uint32_t turn),
                         double *figures)
{
  static struct crowd_result result;
  struct crowd crowd = {.threads = side->threads, .call = call, .arg = side};
  crowd.start_ns = machine_now_ns() + READY_NS;
  crowd.end_ns = crowd.start_ns + side->bench->options->threads_s * INT64_C(1000000000);
  if (crowd_run(&crowd, &result) != 0)
    return -1;
  figures[0] = result.per_second;
  figures[1] = (double)latency_quantile_ns(&result.latency, 0.99);
  return 0;
}

static int run_ours(void *arg, void *out)
{
  struct side *side = arg;
  double *figures = out;
  side->store = line_open(side->bench->server.uri, 0);
  if (!side->store || line_set_seats(side->store, 0) != 0 ||
      line_run(side->store, QK_ENTER, 0, side->bench->options->waiting) != 0)
    return -1;
  if (measure_calls(side, our_enter, figures + THREADS_ENTERS) != 0 ||
      measure_calls(side, our_poll, figures + THREADS_POLLS) != 0)
    return -1;
  qk_close(side->store);
  return 0;
}

static int run_peer(void *arg, void *out)
{
  struct side *side = arg;
  double *figures = out;
  for (uint32_t i = 0; i < side->threads; i++) {
    side->context[i] = server_connect(side->bench->server.port);
    if (!side->context[i])
      return -1;
  }
  if (original_load(side->context[0], &side->original) != 0 ||
      original_fill(side->context[0], 0, side->bench->options->waiting) != 0)
    return -1;
  if (measure_calls(side, peer_enter, figures + THREADS_ENTERS) != 0)
    return -1;
  return measure_calls(side, peer_poll, figures + THREADS_POLLS);
}

static int measure_side(struct redis_bench *bench, uint32_t threads, child_work *run, int first)
{
  double figures[THREADS_FIGURES];
  struct side side = {.bench = bench, .threads = threads};
  if (server_flush(&bench->server) != 0 || child_run(run, &side, figures, sizeof figures) != 0)
    return -1;
  figures_add_all(&bench->figures, first, figures, THREADS_FIGURES);
  return 0;
}

int threads_measure(struct redis_bench *bench)
{
  if (measure_side(bench, 64, run_ours, OURS_64) != 0 || measure_side(bench, 64, run_peer, PEER_64) != 0 ||
      measure_side(bench, 256, run_ours, OURS_256) != 0 || measure_side(bench, 256, run_peer, PEER_256) != 0)
    return -1;
  return 0;
}
