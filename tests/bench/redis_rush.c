#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "child.h"
#include "redis_parts.h"

#define REPORT (1 << 20) /* bytes at most */

static double number(const json_t *object, const char *name)
{
  return json_number_value(json_object_get(object, name));
}

static void add_latency(struct figures *figures, const json_t *calls, const char *verb, int first)
{
  static const char *const names[] = {[RUSH_P50] = "p50_ns", [RUSH_P95] = "p95_ns", [RUSH_P99] = "p99_ns"};
  const json_t *object = json_object_get(calls, verb);
  for (int i = 0; i < RUSH_FIGURES; i++)
    figures_add(figures, first + i, number(object, names[i]));
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

static int add_report(struct figures *figures, const char *text)
{
  json_t *report = json_loads(text, 0, NULL);
  const json_t *people = json_object_get(report, "people"), *calls = json_object_get(report, "calls");
  if (people && calls) {
    figures_add(figures, RUSH_OFFERED, number(people, "offered"));
    figures_add(figures, RUSH_ACCEPTED, number(people, "accepted"));
    figures_add(figures, RUSH_DROPPED, number(people, "dropped_offers"));
    figures_add(figures, RUSH_FAULTS, count_faults(report));
    add_latency(figures, calls, "enter", RUSH_ENTER);
    add_latency(figures, calls, "poll", RUSH_POLL);
  }
  json_decref(report);
  return people && calls ? 0 : -1;
}

int rush_measure(struct redis_bench *bench)
{
  char seconds[16], limit[16];
  char *text = malloc(REPORT);
  if (!text || server_flush(&bench->server) != 0)
    goto fail;
  snprintf(seconds, sizeof seconds, "%u", bench->options->rush_s);
  snprintf(limit, sizeof limit, "%u", bench->options->rush_s + 1);
  /* Seats for 5 s of arrivals, so that most of the time people wait and poll. */
  char *const argv[] = {(char *)bench->options->rush,
                        "--realtime",
                        "--ramp-s",
                        "0",
                        "--peak-s",
                        seconds,
                        "--peak-rate",
                        "5000",
                        "--seats",
                        "25000",
                        "--limit-s",
                        limit,
                        "--json",
                        "-",
                        bench->server.uri,
                        NULL};
  int status = child_read_program(argv, text, REPORT);
  /* 1: it says that those who are inside at the limit have not ended. */
  if ((status != 0 && status != 1) || add_report(&bench->figures, text) != 0) {
    fprintf(stderr, "bench: %s ended with %d, or says something else\n", bench->options->rush, status);
    goto fail;
  }
  free(text);
  return 0;
fail:
  free(text);
  return -1;
}
