#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "sections.h"
#include "server.h"

static const struct section *const sections[] = {
    &section_memory, &section_rush, &section_metrics, &section_enters,   &section_threads,
    &section_tokens, &section_tail, &section_bytes,   &section_realtime, &section_hosts,
};

#define SECTIONS (sizeof sections / sizeof *sections)

/* Where the figures of each section are in the report, and whether it is to be measured. */
struct plan {
  size_t first[SECTIONS + 1];
  int wanted[SECTIONS];
};

struct figure *bench_figure(struct bench *bench, size_t index)
{
  return &bench->report->figure[bench->first + index];
}

void bench_add(struct bench *bench, size_t index, int side, double value)
{
  figure_add(bench_figure(bench, index), side, value);
}

void bench_add_all(struct bench *bench, size_t first, int side, const double *values, size_t count)
{
  for (size_t i = 0; i < count; i++)
    bench_add(bench, first + i, side, values[i]);
}

static int is_wanted(const struct options *options, const struct section *section)
{
  for (size_t i = 0; options->only[i]; i++) {
    if (strcmp(options->only[i], section->name) == 0)
      return 1;
  }
  return !options->only[0];
}

int sections_have(const char *name)
{
  for (size_t i = 0; i < SECTIONS; i++) {
    if (strcmp(sections[i]->name, name) == 0)
      return 1;
  }
  return 0;
}

static void declare(struct bench *bench)
{
  const struct section *section = bench->section;
  if (section->declare)
    section->declare(bench);
  struct figure *above = NULL;
  for (size_t i = 0; i < section->count; i++)
    above = report_declare(bench->report, section->name, &section->kinds[i], above, 0);
}

/* Returns whether the plan needs Redis. */
static int make_plan(struct bench *bench, struct plan *plan)
{
  int needs_redis = 0;
  for (size_t i = 0; i < SECTIONS; i++) {
    bench->section = sections[i];
    plan->first[i] = bench->report->figures;
    plan->wanted[i] = is_wanted(bench->options, sections[i]);
    if (plan->wanted[i])
      declare(bench);
    needs_redis |= plan->wanted[i] && sections[i]->on_redis;
  }
  plan->first[SECTIONS] = bench->report->figures;
  return needs_redis;
}

/* Say why a section's figures are missing, and leave it out from now on. */
static void give_up(struct bench *bench, struct plan *plan, size_t i, const char *why)
{
  plan->wanted[i] = 0;
  for (size_t figure = plan->first[i]; figure < plan->first[i + 1]; figure++) {
    if (bench->report->figure[figure].rounds[LIBQUEUE] == 0)
      snprintf(bench->report->figure[figure].missing, sizeof bench->report->figure[figure].missing, "%s",
               why);
  }
}

static int measure(struct bench *bench, struct plan *plan)
{
  int rc = 0;
  for (bench->round = 0; bench->round < bench->options->rounds; bench->round++) {
    for (size_t i = 0; i < SECTIONS; i++) {
      bench->section = sections[i];
      bench->first = plan->first[i];
      if (!plan->wanted[i] || (bench->round > 0 && !sections[i]->in_rounds))
        continue;
      if (isatty(STDERR_FILENO))
        fprintf(stderr, "round %zu: %s\n", bench->round + 1, sections[i]->name);
      if (sections[i]->measure(bench) == 0)
        continue;
      fprintf(stderr, "bench: %s could not be measured\n", sections[i]->name);
      give_up(bench, plan, i, "it failed");
      rc = -1;
    }
  }
  return rc;
}

/* Without a server the sections that need one are left out. */
static void start_redis(struct bench *bench, struct plan *plan, struct server *server)
{
  if (server_start(server, bench->options->server) == 0) {
    bench->server = server;
    snprintf(bench->report->machine.redis, sizeof bench->report->machine.redis, "%s", server->version);
    return;
  }
  for (size_t i = 0; i < SECTIONS; i++) {
    if (plan->wanted[i] && sections[i]->on_redis)
      give_up(bench, plan, i, server->why);
  }
}

int sections_run(const struct options *options, struct report *report)
{
  struct plan plan;
  struct server server = {.pid = 0};
  struct bench bench = {.options = options, .report = report};
  if (make_plan(&bench, &plan))
    start_redis(&bench, &plan, &server);
  int rc = measure(&bench, &plan);
  for (size_t i = 0; i < SECTIONS; i++) {
    if (plan.wanted[i])
      give_up(&bench, &plan, i, "it did not come to that");
  }
  if (bench.server)
    server_stop(&server);
  return rc;
}
