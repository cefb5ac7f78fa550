#include <stdio.h>
#include "child.h"
#include "latency.h"
#include "machine.h"
#include "line.h"
#include "redis_original.h"
#include "redis_client.h"
#include "redis_parts.h"

#define MOVED 25000
#define SECOND_NS INT64_C(1000000000)
#define MOVE_EVERY_NS (5 * SECOND_NS)
#define PROBE_EVERY_NS (SECOND_NS / 1000)
#define READY_NS (SECOND_NS / 2) /* for both processes to start */

/* Moves in the time, the first of them a second after its start. */
#define MOVES(tail_s) (((tail_s) + 3) / 5)

/* One side: how its two processes reach the line, and what they do to it. */
struct tail;

struct tail_side {
  int (*open)(struct tail *tail);
  int (*fill)(struct tail *tail, uint32_t people);
  int (*move)(struct tail *tail);
  int (*probe)(struct tail *tail, uint32_t who);
  void (*close)(struct tail *tail);
};

struct tail {
  const struct bench *bench;
  const struct tail_side *side;
  uint32_t people;  /* so many that the line is never shorter than wanted */
  int64_t start_ns; /* of the probes */
  qk_store *store;
  redisContext *context;
  struct original original;
};

static int open_store(struct tail *tail)
{
  tail->store = line_open(tail->bench->server->uri, MOVED);
  return tail->store ? 0 : -1;
}

static void close_store(struct tail *tail)
{
  qk_close(tail->store);
}

/* Only ticks admit, and only their budget bounds them. */
static int fill_store(struct tail *tail, uint32_t people)
{
  qk_policy policy;
  qk_policy_init(&policy);
  policy.max_active = LINE_NO_LIMIT;
  policy.eager = 0;
  if (line_configure(tail->store, &policy) != 0)
    return -1;
  return line_run(tail->store, QK_ENTER, 0, people);
}

static int tick(struct tail *tail)
{
  qk_tick_report report;
  int rc = qk_tick(tail->store, LINE_QUEUE, &report);
  if (rc != QK_OK)
    return line_complain("qk_tick", rc, NULL);
  if (report.admitted == MOVED)
    return 0;
  fprintf(stderr, "bench: a tick admitted %llu people\n", (unsigned long long)report.admitted);
  return -1;
}

static int poll_store(struct tail *tail, uint32_t who)
{
  char id[PEOPLE_ID_SIZE];
  qk_ticket ticket;
  people_id(id, who);
  int rc = qk_poll(tail->store, LINE_QUEUE, id, &ticket);
  return rc == QK_OK ? 0 : line_complain("qk_poll", rc, NULL);
}

static const struct tail_side ours = {
    .open = open_store, .fill = fill_store, .move = tick, .probe = poll_store, .close = close_store};

static int open_connection(struct tail *tail)
{
  tail->context = client_connect(tail->bench->server->port);
  return tail->context ? original_load(tail->context, &tail->original) : -1;
}

static void close_connection(struct tail *tail)
{
  redisFree(tail->context);
}

static int fill_set(struct tail *tail, uint32_t people)
{
  return original_fill(tail->context, 0, people);
}

static int move_at_once(struct tail *tail)
{
  return original_move(tail->context, &tail->original, MOVED);
}

static int ask_status(struct tail *tail, uint32_t who)
{
  return original_status(tail->context, &tail->original, who);
}

static const struct tail_side peer = {.open = open_connection,
                                      .fill = fill_set,
                                      .move = move_at_once,
                                      .probe = ask_status,
                                      .close = close_connection};

static int run_fill(void *arg, void *out)
{
  struct tail *tail = arg;
  (void)out;
  if (tail->side->open(tail) != 0 || tail->side->fill(tail, tail->people) != 0)
    return -1;
  tail->side->close(tail);
  return 0;
}

/* The process that moves people: *out is the longest of its moves, ns. */
static int run_moves(void *arg, void *out)
{
  struct tail *tail = arg;
  double *longest = out;
  if (tail->side->open(tail) != 0)
    return -1;
  for (uint32_t i = 0; i < MOVES(tail->bench->options->tail_s); i++) {
    machine_sleep_until(tail->start_ns + SECOND_NS + i * MOVE_EVERY_NS);
    int64_t start = machine_now_ns();
    if (tail->side->move(tail) != 0)
      return -1;
    double took = (double)(machine_now_ns() - start);
    *longest = took > *longest ? took : *longest;
  }
  tail->side->close(tail);
  return 0;
}

/* The process that probes: each latency counts from when the probe was due, so that what waits behind a slow
 * one counts as well. */
static int run_probes(void *arg, void *out)
{
  static struct latency latency;
  struct tail *tail = arg;
  machine_sharpen_sleep();
  if (tail->side->open(tail) != 0)
    return -1;
  for (uint32_t i = 0; i < tail->bench->options->tail_s * 1000; i++) {
    int64_t due = tail->start_ns + i * PROBE_EVERY_NS;
    machine_sleep_until(due);
    if (tail->side->probe(tail, people_random(i, tail->people)) != 0)
      return -1;
    latency_add(&latency, (uint64_t)(machine_now_ns() - due));
  }
  latency_quantiles(&latency, out);
  tail->side->close(tail);
  return 0;
}

static int measure_side(struct bench *bench, const struct tail_side *ways, int side)
{
  double move_ns = 0;
  struct quantiles probes;
  struct child mover, prober;
  struct tail tail = {.bench = bench, .side = ways};
  tail.people = bench->options->waiting + (MOVES(bench->options->tail_s) - 1) * MOVED;
  if (client_flush(bench->server) != 0 || child_run(run_fill, &tail, &(char){0}, 1) != 0)
    return -1;
  tail.start_ns = machine_now_ns() + READY_NS;
  if (child_start(&mover, run_moves, &tail, sizeof move_ns) != 0)
    return -1;
  int rc = child_start(&prober, run_probes, &tail, sizeof probes);
  if (rc == 0)
    rc = child_finish(&prober, &probes);
  if (child_finish(&mover, &move_ns) != 0 || rc != 0)
    return -1;
  const double *ns = probes.ns;
  bench_add_all(bench, TAIL_P50, side, (double[]){ns[Q_50], ns[Q_99], ns[Q_999], ns[Q_ALL], move_ns},
                TAIL_FIGURES);
  report_add_spectrum(bench->report, bench->section->name, "tail", side, &probes);
  return 0;
}

int tail_measure(struct bench *bench)
{
  return measure_side(bench, &ours, LIBQUEUE) == 0 ? measure_side(bench, &peer, PEER) : -1;
}
