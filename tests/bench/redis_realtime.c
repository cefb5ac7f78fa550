#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "child.h"
#include "redis_client.h"
#include "redis_parts.h"

#define REPORT (1 << 20) /* bytes at most */

static double number(const json_t *object, const char *name)
{
  return json_number_value(json_object_get(object, name));
}

static void add_latency(struct bench *bench, const json_t *calls, const char *verb, size_t first)
{
  static const char *const names[] = {[VERB_P50] = "p50_ns", [VERB_P95] = "p95_ns", [VERB_P99] = "p99_ns"};
  const json_t *object = json_object_get(calls, verb);
  for (size_t i = 0; i < VERB_FIGURES && number(object, "ops") > 0; i++)
    bench_add(bench, first + i, LIBQUEUE, number(object, names[i]));
}

/* What the program saw that must not be. It stops while people are inside: they are not lost. */
static double count_faults(const json_t *report)
{
  double faults = 0;
  const char *name;
  json_t *found;
  json_object_foreach(json_object_get(report, "checks"), name, found) faults +=
      strcmp(name, "lost") == 0 ? 0 : json_number_value(found);
  return faults;
}

static int add_report(struct bench *bench, const char *text)
{
  json_t *report = json_loads(text, 0, NULL);
  const json_t *people = json_object_get(report, "people"), *calls = json_object_get(report, "calls");
  if (people && calls) {
    bench_add(bench, REALTIME_OFFERED, LIBQUEUE, number(people, "offered"));
    bench_add(bench, REALTIME_ACCEPTED, LIBQUEUE, number(people, "accepted"));
    bench_add(bench, REALTIME_DROPPED, LIBQUEUE, number(people, "dropped_offers"));
    bench_add(bench, REALTIME_FAULTS, LIBQUEUE, count_faults(report));
    add_latency(bench, calls, "enter", REALTIME_ENTER);
    add_latency(bench, calls, "poll", REALTIME_POLL);
  }
  json_decref(report);
  return people && calls ? 0 : -1;
}

int realtime_measure(struct bench *bench)
{
  char seconds[16], limit[16];
  char *text = malloc(REPORT);
  if (!text || client_flush(bench->server) != 0)
    goto fail;
  snprintf(seconds, sizeof seconds, "%u", bench->options->rush_s);
  snprintf(limit, sizeof limit, "%u", bench->options->rush_s + 1);
  /* Seats for 5 s of arrivals, so that most of the time people wait and poll. */
  char *const argv[] = {SECTIONS_RUSH, "--realtime",  "--ramp-s", "0",       "--peak-s",
                        seconds,       "--peak-rate", "5000",     "--seats", "25000",
                        "--limit-s",   limit,         "--json",   "-",       (char *)bench->server->uri,
                        NULL};
  int status = child_read_program(argv, text, REPORT);
  /* 1: it says that those who are inside at the limit have not ended. */
  if ((status != 0 && status != 1) || add_report(bench, text) != 0) {
    fprintf(stderr, "bench: " SECTIONS_RUSH " ended with %d, or says something else\n", status);
    goto fail;
  }
  free(text);
  return 0;
fail:
  free(text);
  return -1;
}
