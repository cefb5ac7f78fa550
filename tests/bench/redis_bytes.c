#include <stdio.h>
#include "child.h"
#include "machine.h"
#include "line.h"
#include "redis_original.h"
#include "redis_client.h"
#include "redis_parts.h"

#define IDLE_MS 3600000
#define SETTLE_NS INT64_C(300000000) /* for what served the filling to be freed */

enum phase { WAITING, WAITING_POLLED, ACTIVE, PEER_WAITING, PEER_INSIDE };

struct bytes {
  const struct bench *bench;
  enum phase phase;
};

static int fill_ours(const struct bytes *bytes)
{
  uint32_t people = bytes->bench->options->waiting;
  qk_policy policy;
  qk_policy_init(&policy);
  policy.max_active = bytes->phase == ACTIVE ? LINE_NO_LIMIT : 0;
  policy.idle_ms = bytes->phase == WAITING_POLLED ? IDLE_MS : 0;
  qk_store *store = line_open(bytes->bench->server->uri, 0);
  if (!store || line_configure(store, &policy) != 0 || line_run(store, QK_ENTER, 0, people) != 0)
    return -1;
  if (bytes->phase != WAITING &&
      line_run(store, bytes->phase == ACTIVE ? QK_ACTIVATE : QK_POLL, 0, people) != 0)
    return -1;
  qk_close(store);
  return 0;
}

static int fill_peer(const struct bytes *bytes)
{
  uint32_t people = bytes->bench->options->waiting;
  struct original original;
  redisContext *context = client_connect(bytes->bench->server->port);
  if (!context || original_load(context, &original) != 0 || original_fill(context, 0, people) != 0)
    return -1;
  if (bytes->phase == PEER_INSIDE && original_move(context, &original, people) != 0)
    return -1;
  redisFree(context);
  return 0;
}

static int fill(void *arg, void *out)
{
  const struct bytes *bytes = arg;
  (void)out;
  return bytes->phase < PEER_WAITING ? fill_ours(bytes) : fill_peer(bytes);
}

static int measure_phase(struct bench *bench, enum phase phase, int figure, int side)
{
  struct bytes bytes = {.bench = bench, .phase = phase};
  if (client_flush(bench->server) != 0)
    return -1;
  machine_sleep_until(machine_now_ns() + SETTLE_NS);
  int64_t before = client_info(bench->server, "memory", "used_memory:");
  if (before < 0 || child_run(fill, &bytes, &(char){0}, 1) != 0)
    return -1;
  machine_sleep_until(machine_now_ns() + SETTLE_NS);
  int64_t after = client_info(bench->server, "memory", "used_memory:");
  if (after < before)
    return -1;
  bench_add(bench, (size_t)figure, side, (double)(after - before) / bench->options->waiting);
  return 0;
}

int bytes_measure(struct bench *bench)
{
  static const struct {
    int figure, side;
  } places[] = {[WAITING] = {BYTES_WAITING, LIBQUEUE},
                [WAITING_POLLED] = {BYTES_IDLE, LIBQUEUE},
                [ACTIVE] = {BYTES_ACTIVE, LIBQUEUE},
                [PEER_WAITING] = {BYTES_WAITING, PEER},
                [PEER_INSIDE] = {BYTES_ACTIVE, PEER}};
  for (enum phase phase = WAITING; phase <= PEER_INSIDE; phase++) {
    if (measure_phase(bench, phase, places[phase].figure, places[phase].side) != 0)
      return -1;
  }
  return 0;
}
