#include <stdio.h>
#include <string.h>
#include "rush_clock.h"
#include "rush_run.h"
#include "rush_term.h"

/* Virtual time starts here: 1 June 2026, 10:00 UTC, when the sale opens. */
#define START_MS INT64_C(1780308000000)

static int64_t virtual_clock(void *arg)
{
  return START_MS + *(const int64_t *)arg;
}

/* Not fit for secrets; it makes one seed give one run. */
static int seeded_random(void *arg, void *buf, size_t len)
{
  uint64_t *state = arg;
  unsigned char *out = buf;
  for (size_t i = 0; i < len; i++) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    out[i] = (unsigned char)(*state >> 56);
  }
  return 0;
}

static int trouble(const char *what, int code, const qk_error *error)
{
  fprintf(stderr, "rush: %s: %s\n", what,
          error != NULL && error->text[0] != '\0' ? error->text : qk_strerror(code));
  return -1;
}

static void fill_policy(qk_policy *policy, const struct rush_options *options)
{
  qk_policy_init(policy);
  policy->max_active = options->seats;
  policy->max_waiting = options->max_waiting;
  policy->rate = options->rate;
  policy->rate_window_ms = (uint32_t)options->rate_window_ms;
  policy->ready_ms = (uint32_t)options->ready_ms;
  policy->active_ms = (uint32_t)options->active_ms;
  policy->max_extends = (uint32_t)options->max_extends;
  policy->idle_ms = (uint32_t)options->idle_ms;
  policy->eager = !options->no_eager;
}

static int open_store(struct rush *rush)
{
  qk_options options;
  qk_error error;
  qk_options_init(&options);
  options.on_event = audit_event;
  options.event_arg = &rush->audit;
  if (!rush->options.realtime) {
    options.clock = virtual_clock;
    options.clock_arg = &rush->now_ms;
    options.random = seeded_random;
    options.random_arg = &rush->random;
  }
  int code = qk_open(&rush->store, rush->options.uri, &options, &error);
  return code == QK_OK ? 0 : trouble(rush->options.uri, code, &error);
}

/* The queue must be new, or the account would not balance. */
static int make_queue(struct rush *rush)
{
  const char *name = rush->options.queue;
  qk_policy policy;
  qk_stats stats;
  qk_error error;
  if (rush->options.replace)
    qk_remove(rush->store, name);
  int code = qk_get_stats(rush->store, name, &stats);
  if (code == QK_OK) {
    fprintf(stderr, "rush: the queue '%s' exists: choose another with --queue, or --replace it\n", name);
    return -1;
  }
  if (code != QK_ENOTFOUND)
    return trouble(name, code, NULL);
  fill_policy(&policy, &rush->options);
  code = qk_set_policy(rush->store, name, &policy, &error);
  rush->made = code == QK_OK;
  return rush->made ? 0 : trouble(name, code, &error);
}

int run_init(struct rush *rush, const struct rush_options *options)
{
  memset(rush, 0, sizeof *rush);
  rush->options = *options;
  rush->random = options->seed;
  if (timers_init(&rush->timers, 2 * (size_t)options_people(options)) != 0 ||
      audit_init(&rush->audit, &rush->options, &rush->now_ms) != 0 ||
      people_init(&rush->people, &rush->options, &rush->timers, &rush->audit) != 0) {
    trouble("starting", QK_ENOMEM, NULL);
    run_finish(rush);
    return -1;
  }
  if (open_store(rush) != 0 || make_queue(rush) != 0) {
    run_finish(rush);
    return -1;
  }
  return 0;
}

void run_finish(struct rush *rush)
{
  if (rush->made)
    qk_remove(rush->store, rush->options.queue);
  qk_close(rush->store);
  series_finish(&rush->series);
  people_finish(&rush->people);
  audit_finish(&rush->audit);
  timers_finish(&rush->timers);
}

int run_goes_on(struct rush *rush, int calls_under_way)
{
  rush->limit_reached = rush->now_ms >= (int64_t)rush->options.limit_s * 1000;
  if (term_interrupted() || rush->limit_reached)
    return 0;
  return calls_under_way || rush->people.arrived < rush->people.count || rush->timers.count > 0 ||
         audit_waiting(&rush->audit) + audit_inside(&rush->audit) > 0;
}

int run_watch(struct rush *rush)
{
  size_t seconds = rush->series.count;
  if (rush->now_ms < (int64_t)seconds * 1000)
    return 0;
  struct sample sample = {
      .at_ms = rush->now_ms,
      .waiting = audit_waiting(&rush->audit),
      .inside = audit_inside(&rush->audit),
      .arrived = rush->people.arrived,
      .admitted = rush->audit.admitted,
      .polls = rush->people.polls,
      .over = audit_over(&rush->audit),
  };
  return series_add(&rush->series, &sample);
}

void run_after_tick(struct rush *rush, int result, int exact)
{
  qk_stats stats;
  if (result != QK_OK || qk_get_stats(rush->store, rush->options.queue, &stats) != QK_OK)
    rush->audit.surprises++;
  else
    audit_compare(&rush->audit, &stats, exact);
}

int run_play(struct rush *rush)
{
  rush->start_ns = clock_now_ns();
  int64_t cpu_ns = clock_cpu_ns();
  view_begin(&rush->view, rush);
  int code = rush->options.realtime ? realtime_play(rush) : virtual_play(rush);
  rush->wall_ns = clock_now_ns() - rush->start_ns;
  rush->cpu_ns = clock_cpu_ns() - cpu_ns;
  view_end(&rush->view, rush);
  if (code != 0)
    return trouble("playing", QK_ENOMEM, NULL);
  run_after_tick(rush, QK_OK, 1);
  rush->audit.cut_short = term_interrupted();
  rush->audit.disagree = people_disagree(&rush->people);
  return 0;
}
