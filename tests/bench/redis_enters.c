#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "child.h"
#include "machine.h"
#include "line.h"
#include "redis_original.h"
#include "redis_client.h"
#include "redis_parts.h"
#include "redis_pool.h"

#define SEATS(people) ((people) / 20)
#define SCRIPTS(people) ((people) / 4) /* slower: a shorter line, which favours it */
#define SIX_CALLS_OF(people) ((people) / 20)

struct enters {
  const char *uri;
  uint64_t seats;
  uint32_t people;
};

static int enter_all(void *arg, void *out)
{
  const struct enters *enters = arg;
  double *per_second = out;
  qk_store *store = line_open(enters->uri, 0);
  if (!store || line_set_seats(store, enters->seats) != 0)
    return -1;
  int64_t start = machine_now_ns();
  int rc = line_run(store, QK_ENTER, 0, enters->people);
  *per_second = enters->people * 1e9 / (double)(machine_now_ns() - start);
  if (rc == 0)
    qk_close(store);
  return rc;
}

static int measure_ours(struct bench *bench, uint64_t seats, double *per_second)
{
  struct enters enters = {.uri = bench->server->uri, .seats = seats, .people = bench->options->people};
  return client_flush(bench->server) == 0 ? child_run(enter_all, &enters, per_second, sizeof *per_second)
                                          : -1;
}

/* Of what redis-benchmark --csv prints: a line of names, a line of values, each in quotes. -1 if it is
 * something else. */
static double parse_csv(char *text)
{
  char *names = strtok(text, "\n"), *values = strtok(NULL, "\n");
  const char *name = names ? strstr(names, "\"rps\"") : NULL;
  if (!values || !name)
    return -1;
  /* The command itself, in the first column, may hold anything but a quote. */
  const char *value = values;
  for (const char *at = names; at < name && value; at++) {
    if (*at == ',') {
      value = strstr(value, "\",\"");
      value += value != NULL ? 2 : 0;
    }
  }
  return value && *value == '"' ? strtod(value + 1, NULL) : -1;
}

static int measure_zadd(struct bench *bench, double *per_second)
{
  char port[16], people[16], text[1024];
  snprintf(port, sizeof port, "%d", bench->server->port);
  snprintf(people, sizeof people, "%u", bench->options->people);
  char *const argv[] = {"redis-benchmark",
                        "-h",
                        SERVER_HOST,
                        "-p",
                        port,
                        "-P",
                        "64",
                        "-n",
                        people,
                        "-r",
                        "2000000000",
                        "--csv",
                        "zadd",
                        "k",
                        "__rand_int__",
                        "u__rand_int__",
                        NULL};
  if (client_flush(bench->server) != 0)
    return -1;
  *per_second = child_read_program(argv, text, sizeof text) == 0 ? parse_csv(text) : -1;
  if (*per_second > 0)
    return 0;
  fprintf(stderr, "bench: redis-benchmark could not be run, or says something else\n");
  return -1;
}

static int script_command(void *arg, char *out, uint32_t size, uint32_t who, int step)
{
  (void)step;
  return original_script_call(out, size, arg, who);
}

static int six_commands(void *arg, char *out, uint32_t size, uint32_t who, int step)
{
  (void)arg;
  return original_step(out, size, who, step);
}

static int run_pool(void *arg, void *out)
{
  return pool_run(arg, out);
}

static int measure_pool(struct bench *bench, struct pool_work *work, double *per_second)
{
  work->port = bench->server->port;
  return client_flush(bench->server) == 0 ? child_run(run_pool, work, per_second, sizeof *per_second) : -1;
}

static int measure_original(struct bench *bench, double *scripts_per_second, double *six_calls_per_second)
{
  struct original original;
  redisContext *context = client_connect(bench->server->port);
  if (!context)
    return -1;
  int rc = original_load(context, &original);
  redisFree(context);
  uint32_t people = bench->options->people;
  struct pool_work scripts = {
      .people = SCRIPTS(people), .steps = 1, .command = script_command, .arg = &original};
  struct pool_work six_calls = {
      .people = SIX_CALLS_OF(people), .steps = ORIGINAL_STEPS, .command = six_commands};
  if (rc == 0)
    rc = measure_pool(bench, &scripts, scripts_per_second);
  return rc == 0 ? measure_pool(bench, &six_calls, six_calls_per_second) : rc;
}

int enters_measure(struct bench *bench)
{
  double ours, seated, zadds, scripts, six_calls;
  if (measure_ours(bench, 0, &ours) != 0 || measure_zadd(bench, &zadds) != 0 ||
      measure_ours(bench, SEATS(bench->options->people), &seated) != 0 ||
      measure_original(bench, &scripts, &six_calls) != 0)
    return -1;
  bench_add_all(bench, ENTERS, LIBQUEUE, (double[]){ours, seated, ours, ours}, ENTERS_FIGURES);
  bench_add_all(bench, ENTERS, PEER, (double[]){zadds, zadds, scripts, six_calls}, ENTERS_FIGURES);
  return 0;
}
