#include <stdio.h>
#include <string.h>
#include "rush_clock.h"
#include "rush_host.h"
#include "rush_hosts.h"
#include "rush_run.h"
#include "rush_term.h"

#define NS_PER_S INT64_C(1000000000)
#define GIVE_UP_S 30

int run_trouble(const char *what, int code, const qk_error *error)
{
  fprintf(stderr, "rush: %s: %s\n", what,
          error != NULL && error->text[0] != '\0' ? error->text : qk_strerror(code));
  return -1;
}

/* The people, unless they are the hosts'. */
static int init_people(struct rush *rush)
{
  if (rush->hosts != NULL) {
    rush->people = (struct people){
        .options = &rush->options, .audit = &rush->audit, .count = (size_t)options_people(&rush->options)};
    return audit_init(&rush->audit, &rush->options, &rush->now_ms, NULL);
  }
  if (timers_init(&rush->timers, 2 * (size_t)options_people(&rush->options)) != 0)
    return -1;
  if (audit_init(&rush->audit, &rush->options, &rush->now_ms, NULL) != 0)
    return -1;
  return people_init(&rush->people, &rush->options, &rush->timers, &rush->audit, 0);
}

int run_init(struct rush *rush, const struct rush_options *options)
{
  memset(rush, 0, sizeof *rush);
  rush->options = *options;
  rush->random = options->seed;
  store_shown(options->uri, rush->shown);
  store_own_queue(rush->own_queue);
  if (options->queue == NULL)
    rush->options.queue = rush->own_queue;
  /* No store can follow into a child: the hosts come first. */
  if (options->hosts > 1 && hosts_start(rush) != 0)
    return -1;
  if (init_people(rush) != 0) {
    run_trouble("starting", QK_ENOMEM, NULL);
    run_finish(rush);
    return -1;
  }
  if (store_open(rush) != 0 || store_make_queue(rush) != 0) {
    run_finish(rush);
    return -1;
  }
  return 0;
}

void run_finish(struct rush *rush)
{
  hosts_finish(rush);
  store_close(rush);
  series_finish(&rush->series);
  people_finish(&rush->people);
  audit_finish(&rush->audit);
  timers_finish(&rush->timers);
}

/* In virtual time everybody would try for the whole sale, and each try takes seconds. */
static int store_is_gone(struct rush *rush)
{
  int64_t since_ns = rush->calls.failing_ns;
  rush->gave_up = since_ns != 0 && clock_now_ns() - since_ns > GIVE_UP_S * NS_PER_S;
  if (rush->gave_up)
    fprintf(stderr, "rush: %s: no answer for %d s\n", rush->shown, GIVE_UP_S);
  return rush->gave_up;
}

int run_goes_on(struct rush *rush, int calls_under_way)
{
  if (store_is_gone(rush))
    return 0;
  if (rush->host != NULL)
    return host_goes_on(rush, calls_under_way);
  rush->limit_reached = rush->now_ms >= (int64_t)rush->options.limit_s * 1000;
  if (term_interrupted() || rush->limit_reached)
    return 0;
  return calls_under_way || rush->people.next < rush->people.count || rush->timers.count > 0 ||
         audit_waiting(&rush->audit) + audit_inside(&rush->audit) > 0;
}

int run_watch(struct rush *rush)
{
  size_t seconds = rush->series.count;
  if (rush->host != NULL || rush->now_ms < (int64_t)seconds * 1000)
    return 0;
  struct sample sample = {
      .at_ms = rush->now_ms,
      .waiting = audit_waiting(&rush->audit),
      .inside = audit_inside(&rush->audit),
      .arrived = rush->people.tally.arrived,
      .admitted = rush->audit.admitted,
      .polls = rush->people.tally.polls,
      .over = audit_over(&rush->audit),
  };
  return series_add(&rush->series, &sample);
}

void run_after_tick(struct rush *rush, int result, int exact)
{
  qk_stats stats;
  if (result == QK_OK && rush->host == NULL)
    result = qk_get_stats(rush->store, rush->options.queue, &stats);
  if (result != QK_OK)
    audit_surprise(&rush->audit, result);
  else if (rush->host == NULL)
    audit_compare(&rush->audit, &stats, exact);
}

uint32_t run_next_due(struct rush *rush)
{
  for (;;) {
    people_arrive(&rush->people, rush->timers.now_ms);
    uint32_t node = timers_take(&rush->timers);
    if (node != TIMERS_NONE || rush->timers.now_ms >= rush->now_ms)
      return node;
    timers_advance(&rush->timers);
  }
}

const char *run_tick_queue(const struct rush *rush)
{
  return rush->options.lease ? NULL : rush->options.queue;
}

static int play(struct rush *rush)
{
  if (rush->hosts != NULL)
    return hosts_play(rush);
  return rush->options.realtime ? realtime_play(rush) : virtual_play(rush);
}

int run_play(struct rush *rush)
{
  rush->start_ns = clock_now_ns();
  int64_t cpu_ns = clock_cpu_ns();
  view_begin(&rush->view, rush);
  int code = play(rush);
  rush->wall_ns = clock_now_ns() - rush->start_ns;
  rush->cpu_ns += clock_cpu_ns() - cpu_ns;
  view_end(&rush->view, rush);
  if (code != 0 || rush->gave_up || (rush->hosts != NULL && hosts_judge(rush) != 0))
    return -1;
  run_after_tick(rush, QK_OK, 1);
  rush->audit.cut_short = term_interrupted();
  rush->audit.disagree += people_disagree(&rush->people);
  return 0;
}
