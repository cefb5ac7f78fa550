#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include "rush_hosts.h"
#include "rush_summary.h"
#include "rush_text.h"

static json_t *number(uint64_t value)
{
  return json_integer((json_int_t)value);
}

/* Set name in *object, which becomes NULL if that fails: the report is whole or none. */
static void set(json_t **object, const char *name, json_t *value)
{
  if (json_object_set_new(*object, name, value) == 0)
    return;
  json_decref(*object);
  *object = NULL;
}

static json_t *scenario_json(const struct rush *rush)
{
  const struct rush_options *options = &rush->options;
  const struct {
    const char *name;
    uint64_t value;
  } figures[] = {
      {"ramp_s", options->ramp_s},
      {"ramp_rate", options->ramp_rate},
      {"peak_s", options->peak_s},
      {"peak_rate", options->peak_rate},
      {"seats", options->seats},
      {"max_waiting", options->max_waiting},
      {"rate", options->rate},
      {"rate_window_ms", options->rate_window_ms},
      {"ready_ms", options->ready_ms},
      {"active_ms", options->active_ms},
      {"max_extends", options->max_extends},
      {"idle_ms", options->idle_ms},
      {"eager", !options->no_eager},
      {"tick_ms", options->tick_ms},
      {"stay_min_ms", options->stay_min_ms},
      {"stay_max_ms", options->stay_max_ms},
      {"abandon_ppm", options->abandon},
      {"no_show_ppm", options->no_show},
      {"leave_ppm", options->leave},
      {"overstay_ppm", options->overstay},
      {"twice_ppm", options->twice},
      {"vip_ppm", options->vip},
      {"seed", options->seed},
      {"hosts", options->hosts},
      {"step_ms", options->step_ms},
      {"batch", options->batch},
  };
  json_t *out = json_pack("{s:s, s:b}", "uri", rush->shown, "realtime", (int)options->realtime);
  for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
    set(&out, figures[i].name, number(figures[i].value));
  return out;
}

static json_t *people_json(const struct rush *rush)
{
  const struct people *people = &rush->people;
  const struct audit *audit = &rush->audit;
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "offered",
                   number(people->tally.arrived), "accepted", number(people->tally.accepted), "refused",
                   number(people->tally.refused), "dropped_offers", number(people->tally.gone),
                   "second_devices", number(people->tally.second_devices), "completed",
                   number(audit->completed), "left", number(audit->left), "dropped", number(audit->dropped),
                   "lapsed", number(audit->lapsed), "expired", number(audit->expired));
}

static json_t *line_json(const struct rush *rush, const struct summary *summary)
{
  return json_pack("{s:o, s:o, s:I, s:I, s:I, s:o, s:f}", "peak_waiting", number(rush->audit.peak_waiting),
                   "peak_inside", number(rush->audit.peak_inside), "wait_median_ms",
                   (json_int_t)summary->wait_median_ms, "wait_p95_ms", (json_int_t)summary->wait_p95_ms,
                   "wait_longest_ms", (json_int_t)summary->wait_longest_ms, "polls",
                   number(rush->people.tally.polls), "polls_unpaced", summary->polls_unpaced);
}

static json_t *calls_json(const struct rush *rush)
{
  json_t *out = json_object();
  for (int verb = QK_ENTER; verb <= QK_TICK; verb++) {
    const struct verb_calls *calls = &rush->calls.verbs[verb];
    const struct hist *hist = &calls->latency_ns;
    json_t *one = json_pack("{s:o, s:o, s:f, s:o, s:o, s:o, s:o}", "ops", number(calls->ops), "failed",
                            number(calls->failed), "per_second", summary_per_second(rush, verb), "p50_ns",
                            number(hist_quantile(hist, 0.5)), "p95_ns", number(hist_quantile(hist, 0.95)),
                            "p99_ns", number(hist_quantile(hist, 0.99)), "max_ns", number(hist->max));
    set(&out, calls_verb_name(verb), one);
  }
  return out;
}

static json_t *checks_json(const struct summary *summary)
{
  json_t *out = json_object();
  for (size_t i = 0; i < AUDIT_CHECKS; i++) {
    char key[32];
    snprintf(key, sizeof key, "%s", summary->checks[i].name);
    for (char *space = key; (space = strchr(space, ' ')) != NULL;)
      *space = '_';
    set(&out, key, number(summary->checks[i].found));
  }
  return out;
}

static json_t *hosts_json(const struct rush *rush)
{
  json_t *out = json_array();
  for (size_t i = 0; i < rush->options.hosts && rush->hosts != NULL; i++)
    json_array_append_new(out, json_pack("{s:o, s:o}", "people", number(hosts_people(rush, i)), "admitted",
                                         number(hosts_admitted(rush, i))));
  return out;
}

static json_t *sample_json(const struct sample *sample)
{
  return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "at_ms", (json_int_t)sample->at_ms, "waiting",
                   number(sample->waiting), "inside", number(sample->inside), "arrived",
                   number(sample->arrived), "admitted", number(sample->admitted), "polls",
                   number(sample->polls), "over", number(sample->over));
}

static json_t *series_json(const struct series *series)
{
  json_t *out = json_array();
  for (size_t i = 0; i < series->count; i++) {
    if (json_array_append_new(out, sample_json(&series->samples[i])) != 0) {
      json_decref(out);
      return NULL;
    }
  }
  return out;
}

int json_write(const struct rush *rush, const struct summary *summary, const char *path)
{
  FILE *file = text_open(path);
  if (file == NULL)
    return -1;
  json_t *out = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:b, s:I, s:I, s:I, s:o}", "version",
                          qk_version(), "scenario", scenario_json(rush), "people", people_json(rush), "line",
                          line_json(rush, summary), "calls", calls_json(rush), "hosts", hosts_json(rush),
                          "checks", checks_json(summary), "ok", summary->failed == 0, "events_lost",
                          number(rush->audit.unheard), "limit_reached", rush->limit_reached, "run_ms",
                          (json_int_t)rush->now_ms, "wall_ns", (json_int_t)rush->wall_ns, "cpu_ns",
                          (json_int_t)rush->cpu_ns, "series", series_json(&rush->series));
  int lost = out == NULL || json_dumpf(out, file, JSON_INDENT(2)) != 0 || fputc('\n', file) == EOF;
  json_decref(out);
  return text_close(file, path, lost);
}
