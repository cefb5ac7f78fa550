#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "child.h"
#include "machine.h"
#include "redis_line.h"
#include "redis_original.h"
#include "redis_parts.h"
#include "redis_pool.h"

#define SEATS 50000
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

static int measure_ours(struct redis_bench *bench, uint64_t seats, int figure)
{
  double per_second;
  struct enters enters = {.uri = bench->server.uri, .seats = seats, .people = bench->options->people};
  if (server_flush(&bench->server) != 0 || child_run(enter_all, &enters, &per_second, sizeof per_second) != 0)
    return -1;
  figures_add(&bench->figures, figure, per_second);
  return 0;
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

static int measure_zadd(struct redis_bench *bench)
{
  char port[16], people[16], text[1024];
  snprintf(port, sizeof port, "%d", bench->server.port);
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
  if (server_flush(&bench->server) != 0)
    return -1;
  double per_second = child_read_program(argv, text, sizeof text) == 0 ? parse_csv(text) : -1;
  if (per_second <= 0) {
    fprintf(stderr, "bench: redis-benchmark could not be run, or says something else\n");
    return -1;
  }
  figures_add(&bench->figures, ZADDS, per_second);
  return 0;
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

static int measure_pool(struct redis_bench *bench, struct pool_work *work, int figure)
{
  double per_second;
  work->port = bench->server.port;
  if (server_flush(&bench->server) != 0 || child_run(run_pool, work, &per_second, sizeof per_second) != 0)
    return -1;
  figures_add(&bench->figures, figure, per_second);
  return 0;
}

static int measure_original(struct redis_bench *bench)
{
  struct original original;
  redisContext *context = server_connect(bench->server.port);
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
    rc = measure_pool(bench, &scripts, ENTER_SCRIPTS);
  return rc == 0 ? measure_pool(bench, &six_calls, SIX_CALLS) : rc;
}

int enters_measure(struct redis_bench *bench)
{
  if (measure_ours(bench, 0, ENTERS) != 0 || measure_zadd(bench) != 0 ||
      measure_ours(bench, SEATS, ENTERS_SEATED) != 0)
    return -1;
  return measure_original(bench);
}
