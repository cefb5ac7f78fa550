#include <stdio.h>
#include "child.h"
#include "crowd.h"
#include "delay.h"
#include "machine.h"
#include "line.h"
#include "redis_client.h"
#include "redis_parts.h"

#define HOSTS 4
#define THREADS 64
#define READY_NS INT64_C(700000000) /* for all hosts to connect */

struct host {
  char uri[64];
  uint32_t index;
  int64_t start_ns, end_ns;
  qk_store *store;
};

static int enter(void *arg, uint32_t thread, uint32_t turn)
{
  const struct host *host = arg;
  char id[PEOPLE_ID_SIZE];
  people_id(id, (host->index << 28) + turn * THREADS + thread);
  int rc = qk_enter(host->store, LINE_QUEUE, id, NULL);
  return rc == QK_OK ? 0 : line_complain("qk_enter", rc, NULL);
}

static int run_host(void *arg, void *out)
{
  static struct crowd_result result;
  struct host *host = arg;
  double *per_second = out;
  host->store = line_open(host->uri, 0);
  if (!host->store)
    return -1;
  struct crowd crowd = {
      .threads = THREADS, .start_ns = host->start_ns, .end_ns = host->end_ns, .call = enter, .arg = host};
  int rc = crowd_run(&crowd, &result);
  *per_second = result.per_second;
  qk_close(host->store);
  return rc;
}

/* A queue that nobody leaves. */
static int prepare(const struct bench *bench)
{
  qk_store *store = client_flush(bench->server) == 0 ? line_open(bench->server->uri, 0) : NULL;
  int rc = store ? line_set_seats(store, 0) : -1;
  qk_close(store);
  return rc;
}

static int prepare_in_child(void *arg, void *out)
{
  (void)out;
  return prepare(arg);
}

/* -1 after saying what is wrong; else *per_second is what all hosts did together. */
static int measure_hosts(struct bench *bench, const struct delay *delay, uint32_t hosts, double *per_second)
{
  struct child children[HOSTS];
  *per_second = 0;
  if (child_run(prepare_in_child, bench, &(char){0}, 1) != 0)
    return -1;
  struct host host = {.start_ns = machine_now_ns() + READY_NS};
  host.end_ns = host.start_ns + bench->options->hosts_s * INT64_C(1000000000);
  snprintf(host.uri, sizeof host.uri, "redis://%s:%d", SERVER_HOST, delay->port);
  uint32_t started = 0;
  for (; started < hosts; started++) {
    host.index = started;
    if (child_start(&children[started], run_host, &host, sizeof *per_second) != 0)
      break;
  }
  int rc = started == hosts ? 0 : -1;
  for (uint32_t i = 0; i < started; i++) {
    double own = 0;
    if (child_finish(&children[i], &own) != 0)
      rc = -1;
    *per_second += own;
  }
  return rc;
}

static int measure_at(struct bench *bench, int64_t delay_ns, size_t first)
{
  struct delay delay;
  double one, two, four;
  if (delay_start(&delay, bench->server->port, delay_ns) != 0)
    return -1;
  int rc = 0;
  if (measure_hosts(bench, &delay, 1, &one) != 0 || measure_hosts(bench, &delay, 2, &two) != 0 ||
      measure_hosts(bench, &delay, 4, &four) != 0)
    rc = -1;
  delay_stop(&delay);
  if (rc != 0)
    return -1;
  bench_add_all(bench, first, LIBQUEUE, (double[]){one, two, four}, HOSTS_FIGURES);
  bench_add_all(bench, first + HOSTS_2, PEER, (double[]){one, one}, 2);
  return 0;
}

int hosts_measure(struct bench *bench)
{
  return measure_at(bench, 1000000, HOSTS_NEAR) == 0 ? measure_at(bench, 5000000, HOSTS_FAR) : -1;
}
