/* The Redis benchmark behind `make bench`: the library's Redis backend beside its peers, against one
 * redis-server that it starts and ends. Each measurement has a process of its own. Uses the public API
 * alone. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <qk.h>
#include "machine.h"
#include "redis_parts.h"
#include "report.h"

struct part {
  const char *name;
  int (*measure)(struct redis_bench *bench);
  int in_rounds; /* measured in every round, for a median */
};

static const struct part parts[] = {
    {"enters", enters_measure, 1}, {"threads", threads_measure, 1}, {"hosts", hosts_measure, 1},
    {"tail", tail_measure, 0},     {"bytes", bytes_measure, 0},     {"rush", rush_measure, 0},
};

#define PARTS (sizeof parts / sizeof *parts)

static int is_wanted(const struct redis_options *options, const struct part *part)
{
  if (part->measure == rush_measure && !options->rush)
    return 0;
  return !options->only || strcmp(options->only, part->name) == 0;
}

static int has_wanted(const struct redis_options *options)
{
  for (size_t i = 0; i < PARTS; i++) {
    if (is_wanted(options, &parts[i]))
      return 1;
  }
  return 0;
}

static int measure(struct redis_bench *bench)
{
  const struct redis_options *options = bench->options;
  for (size_t round = 0; round < options->rounds; round++) {
    for (size_t i = 0; i < PARTS; i++) {
      if (!is_wanted(options, &parts[i]) || (round > 0 && !parts[i].in_rounds))
        continue;
      if (isatty(STDERR_FILENO))
        fprintf(stderr, "round %zu: %s\n", round + 1, parts[i].name);
      if (parts[i].measure(bench) != 0) {
        fprintf(stderr, "bench: %s could not be measured\n", parts[i].name);
        return -1;
      }
    }
  }
  return 0;
}

#define NOTES                                                                                                \
  "Better: how many times. Each peer does less: it has no classes, rate, totals or notice of lost writes.\n" \
  "new people: the script and the six calls are sent over 50 connections, one at a time on each.\n"          \
  "threads: the peer has a connection and a script call for each thread; 300,000 wait already.\n"            \
  "25,000 moved: of 300,000 or more who wait; polls by a store of its own process; the peer moves in one\n"  \
  "call. bytes: growth of used_memory with 300,000 people; peers: a sorted set; the first system's seat.\n"  \
  "rush: cut off a second after the last arrival. hosts: 64 threads that wait in each, one queue.\n"

static int report(const struct redis_bench *bench)
{
  char machine[128], title[256], people[24];
  static struct rows rows;
  const char *json = bench->options->json;
  machine_describe(machine, sizeof machine);
  report_count(people, sizeof people, bench->options->people);
  snprintf(title, sizeof title,
           "libqueue %s, Redis backend, Redis %s by TCP loopback, %s new people, 12-byte ids\n", qk_version(),
           bench->server.version, people);
  struct report_setting setting = {
      .title = title, .notes = NOTES, .machine = machine, .cpu = -1, .rounds = bench->options->rounds};
  figures_rows(&bench->figures, &rows);
  report_table(&rows, &setting);
  if (json && report_json(&rows, &setting, json) != 0) {
    fprintf(stderr, "bench: cannot write %s\n", json);
    return -1;
  }
  return 0;
}

int main(int argc, char **argv)
{
  static struct redis_bench bench;
  struct redis_options options;
  int rc = redis_options_parse(&options, argc, argv);
  if (rc != 0) {
    if (rc > 0)
      fputs(redis_options_usage, stdout);
    return rc > 0 ? 0 : 2;
  }
  if (!has_wanted(&options)) {
    fprintf(stderr, "redis: no such part, or it needs --rush\n%s", redis_options_usage);
    return 2;
  }
  bench.options = &options;
  if (server_start(&bench.server) != 0)
    return 1;
  rc = measure(&bench);
  server_stop(&bench.server);
  if (rc == 0)
    rc = report(&bench);
  return rc == 0 ? 0 : 1;
}
