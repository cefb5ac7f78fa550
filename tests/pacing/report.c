#include "report.h"

#include <stdio.h>

int result_polls_met(const struct result *result)
{
  return result->figures.polls_minute <= result->figures.polls_limit;
}

int result_notice_met(const struct result *result)
{
  return result->figures.notice.p95_ms <= 3000;
}

int result_eta_met(const struct result *result)
{
  return result->figures.eta[ETA_STEADY].median <= 0.2;
}

static void print_head(const struct result *results, size_t count)
{
  printf("%-34s", "");
  for (size_t i = 0; i < count; i++)
    printf("%12s", results[i].scene.name);
  printf("\n%-34s", "");
  for (size_t i = 0; i < count; i++) {
    const struct scene *scene = &results[i].scene;
    printf("%12s", scene->cursor ? "idle,cursor" : scene->idle_ms > 0 ? "idle" : "");
  }
  printf("\n");
}

/* A row: one field of every result. */
#define ROW_OF(name, format, field, factor)                                                                  \
  do {                                                                                                       \
    printf("%-34s", name);                                                                                   \
    for (size_t r = 0; r < count; r++)                                                                       \
      printf(format, (factor) * (double)results[r].field);                                                   \
    printf("\n");                                                                                            \
  } while (0)
#define WHOLE(name, field) ROW_OF(name, "%12.0f", field, 1)
#define SECONDS(name, field) ROW_OF(name, "%10.2f s", field, 0.001)
#define PERCENT(name, field) ROW_OF(name, "%10.1f %%", field, 100)

static void print_polls(const struct result *results, size_t count)
{
  WHOLE("people", scene.people);
  WHOLE("waiting at most", figures.peak_waiting);
  WHOLE("until nobody waits, s", figures.seconds);
  WHOLE("polls answered WAITING", figures.answers);
  WHOLE("  from the cursor", figures.estimated);
  WHOLE("polls a second, long line: mean", figures.polls_mean);
  WHOLE("  busiest minute", figures.polls_minute);
  WHOLE("    goal", figures.polls_limit);
  WHOLE("  p99 second", figures.polls_p99);
  WHOLE("  busiest second", figures.polls_max);
}

static void print_notice(const struct result *results, size_t count)
{
  SECONDS("READY seen after: median", figures.notice.median_ms);
  SECONDS("  p95", figures.notice.p95_ms);
  SECONDS("  longest", figures.notice.max_ms);
  PERCENT("  after more than 3 s", figures.notice.late_share);
  WHOLE("  people let in soon after a change", figures.notice_change.people);
  SECONDS("    p95", figures.notice_change.p95_ms);
  PERCENT("    after more than 3 s", figures.notice_change.late_share);
  WHOLE("let in, never seen (gone)", figures.unseen);
  WHOLE("dropped", figures.dropped);
  WHOLE("gone although they came in time", figures.strangers);
}

static void print_eta(const struct result *results, size_t count)
{
  static const char *const kinds[ETA_KINDS] = {"all", "steady", "change in the last minute",
                                               "change before the turn"};
  static const char *const waits[WAIT_BUCKETS] = {"below 10 s", "10-30 s",  "30-60 s",
                                                  "1-3 min",    "3-10 min", "10 min and more"};
  WHOLE("eta_ms unknown, answers", figures.unknown);
  for (int i = 0; i < ETA_KINDS; i++) {
    printf("eta_ms, %s:\n", kinds[i]);
    WHOLE("  answers", figures.eta[i].answers);
    PERCENT("  off by, median", figures.eta[i].median);
    PERCENT("  off by, p95", figures.eta[i].p95);
    PERCENT("  too short by over 10 %", figures.eta[i].short_share);
    PERCENT("    by, median", figures.eta[i].short_median);
    PERCENT("    by, p95", figures.eta[i].short_p95);
  }
  for (int i = 0; i < WAIT_BUCKETS; i++) {
    printf("eta_ms, steady, true wait %s:\n", waits[i]);
    WHOLE("  answers", figures.wait[i].answers);
    PERCENT("  off by, median", figures.wait[i].median);
    PERCENT("  off by, p95", figures.wait[i].p95);
    PERCENT("  too short by over 10 %", figures.wait[i].short_share);
  }
  PERCENT("estimated place / true: median", figures.slack_median);
  PERCENT("  p95", figures.slack_p95);
}

static void print_goals(const struct result *results, size_t count)
{
  static const struct {
    const char *name;
    int (*met)(const struct result *result);
  } goals[] = {{"polls", result_polls_met}, {"READY", result_notice_met}, {"eta", result_eta_met}};
  for (size_t i = 0; i < sizeof goals / sizeof goals[0]; i++) {
    printf("goal %-29s", goals[i].name);
    for (size_t r = 0; r < count; r++)
      printf("%12s", goals[i].met(&results[r]) ? "met" : "MISSED");
    printf("\n");
  }
}

void report_table(const struct result *results, size_t count)
{
  print_head(results, count);
  print_polls(results, count);
  print_notice(results, count);
  print_eta(results, count);
  print_goals(results, count);
  ROW_OF("simulated in", "%10.1f s", took_s, 1);
}
