#include <stdio.h>
#include "child.h"
#include "crowd.h"
#include "machine.h"
#include "line.h"
#include "redis_original.h"
#include "redis_client.h"
#include "redis_parts.h"

#define READY_NS INT64_C(100000000) /* for the threads to start */

/* One side of the measurement, in a process of its own. */
struct side {
  const struct bench *bench;
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
  return people_random((uint64_t)thread << 32 | turn, side->bench->options->waiting);
}

static int our_enter(void *arg, uint32_t thread, uint32_t turn)
{
  const struct side *side = arg;
  char id[PEOPLE_ID_SIZE];
  qk_ticket ticket;
  people_id(id, new_person(side, thread, turn));
  int rc = qk_enter(side->store, LINE_QUEUE, id, &ticket);
  return rc == QK_OK && ticket.fresh ? 0 : line_complain("qk_enter", rc, NULL);
}

static int our_poll(void *arg, uint32_t thread, uint32_t turn)
{
  const struct side *side = arg;
  char id[PEOPLE_ID_SIZE];
  qk_ticket ticket;
  people_id(id, somebody(side, thread, turn));
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

/* Of enters, or of polls. */
struct calls {
  double per_second;
  struct quantiles quantiles;
};

struct outcome {
  struct calls enters, polls;
};

_Static_assert(sizeof(struct outcome) <= CHILD_OUT, "a process can hand it over");

static int measure_calls(struct side *side, int (*call)(void *arg, uint32_t thread, uint32_t turn),
                         struct calls *calls)
{
  static struct crowd_result result;
  struct crowd crowd = {.threads = side->threads, .call = call, .arg = side};
  crowd.start_ns = machine_now_ns() + READY_NS;
  crowd.end_ns = crowd.start_ns + side->bench->options->threads_s * INT64_C(1000000000);
  if (crowd_run(&crowd, &result) != 0)
    return -1;
  calls->per_second = result.per_second;
  latency_quantiles(&result.latency, &calls->quantiles);
  return 0;
}

static int run_ours(void *arg, void *out)
{
  struct side *side = arg;
  struct outcome *outcome = out;
  side->store = line_open(side->bench->server->uri, 0);
  if (!side->store || line_set_seats(side->store, 0) != 0 ||
      line_run(side->store, QK_ENTER, 0, side->bench->options->waiting) != 0)
    return -1;
  if (measure_calls(side, our_enter, &outcome->enters) != 0 ||
      measure_calls(side, our_poll, &outcome->polls) != 0)
    return -1;
  qk_close(side->store);
  return 0;
}

static int run_peer(void *arg, void *out)
{
  struct side *side = arg;
  struct outcome *outcome = out;
  for (uint32_t i = 0; i < side->threads; i++) {
    side->context[i] = client_connect(side->bench->server->port);
    if (!side->context[i])
      return -1;
  }
  if (original_load(side->context[0], &side->original) != 0 ||
      original_fill(side->context[0], 0, side->bench->options->waiting) != 0)
    return -1;
  if (measure_calls(side, peer_enter, &outcome->enters) != 0)
    return -1;
  return measure_calls(side, peer_poll, &outcome->polls);
}

static void add_spectrum(struct bench *bench, const char *verb, uint32_t threads, int side,
                         const struct calls *calls)
{
  char name[48];
  snprintf(name, sizeof name, "%s_%u_threads", verb, threads);
  report_add_spectrum(bench->report, bench->section->name, name, side, &calls->quantiles);
}

static int measure_side(struct bench *bench, uint32_t threads, int side, size_t first)
{
  struct outcome outcome;
  struct side worker = {.bench = bench, .threads = threads};
  child_work *run = side == LIBQUEUE ? run_ours : run_peer;
  if (client_flush(bench->server) != 0 || child_run(run, &worker, &outcome, sizeof outcome) != 0)
    return -1;
  const struct calls *enters = &outcome.enters, *polls = &outcome.polls;
  bench_add(bench, first + THREADS_ENTERS, side, enters->per_second);
  bench_add(bench, first + THREADS_ENTER_P99, side, enters->quantiles.ns[Q_99]);
  bench_add(bench, first + THREADS_POLLS, side, polls->per_second);
  bench_add(bench, first + THREADS_POLL_P99, side, polls->quantiles.ns[Q_99]);
  add_spectrum(bench, "enter", threads, side, enters);
  add_spectrum(bench, "poll", threads, side, polls);
  return 0;
}

static int measure_both(struct bench *bench, uint32_t threads, size_t first)
{
  int rc = measure_side(bench, threads, LIBQUEUE, first);
  return rc == 0 ? measure_side(bench, threads, PEER, first) : rc;
}

int threads_measure(struct bench *bench)
{
  return measure_both(bench, 64, THREADS_64) == 0 ? measure_both(bench, 256, THREADS_256) : -1;
}
