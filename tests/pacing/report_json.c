#include "report.h"

#include <jansson.h>

static json_t *eta_json(const struct eta_error *error)
{
  return json_pack("{s:I,s:f,s:f,s:f,s:f,s:f}", "answers", (json_int_t)error->answers, "median",
                   error->median, "p95", error->p95, "too_short_share", error->short_share,
                   "too_short_median", error->short_median, "too_short_p95", error->short_p95);
}

static json_t *etas_json(const struct figures *figures)
{
  static const char *const kinds[ETA_KINDS] = {"all", "steady", "change_in_the_last_minute",
                                               "change_before_the_turn"};
  static const char *const waits[WAIT_BUCKETS] = {"steady_below_10_s",  "steady_below_30_s",
                                                  "steady_below_60_s",  "steady_below_180_s",
                                                  "steady_below_600_s", "steady_above_600_s"};
  json_t *object = json_object();
  for (int i = 0; i < ETA_KINDS; i++)
    json_object_set_new(object, kinds[i], eta_json(&figures->eta[i]));
  for (int i = 0; i < WAIT_BUCKETS; i++)
    json_object_set_new(object, waits[i], eta_json(&figures->wait[i]));
  json_object_set_new(object, "unknown", json_integer((json_int_t)figures->unknown));
  return object;
}

static json_t *notice_json(const struct notice *notice)
{
  return json_pack("{s:I,s:f,s:f,s:f,s:f}", "people", (json_int_t)notice->people, "median_ms",
                   notice->median_ms, "p95_ms", notice->p95_ms, "max_ms", notice->max_ms, "late_share",
                   notice->late_share);
}

static json_t *polls_json(const struct figures *figures)
{
  return json_pack("{s:I,s:I,s:f,s:f,s:f,s:f,s:f}", "waiting_answers", (json_int_t)figures->answers,
                   "from_cursor", (json_int_t)figures->estimated, "mean_per_s", figures->polls_mean,
                   "busiest_minute_per_s", figures->polls_minute, "p99_second", figures->polls_p99,
                   "busiest_second", figures->polls_max, "goal_per_s", figures->polls_limit);
}

static json_t *result_json(const struct result *result)
{
  const struct scene *scene = &result->scene;
  const struct figures *figures = &result->figures;
  json_t *object = json_pack("{s:s,s:I,s:I,s:I,s:b,s:I,s:I}", "scene", scene->name, "people",
                             (json_int_t)scene->people, "seed", (json_int_t)scene->seed, "idle_ms",
                             (json_int_t)scene->idle_ms, "cursor", scene->cursor, "peak_waiting",
                             (json_int_t)figures->peak_waiting, "dropped", (json_int_t)figures->dropped);
  json_object_set_new(object, "polls", polls_json(figures));
  json_object_set_new(object, "ready_seen", notice_json(&figures->notice));
  json_object_set_new(object, "ready_seen_after_a_change", notice_json(&figures->notice_change));
  json_object_set_new(object, "eta", etas_json(figures));
  json_object_set_new(object, "met",
                      json_pack("{s:b,s:b,s:b}", "polls", result_polls_met(result), "ready",
                                result_notice_met(result), "eta", result_eta_met(result)));
  return object;
}

int report_json(const struct result *results, size_t count, const char *path)
{
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(array, result_json(&results[i]));
  int to_stdout = path[0] == '-' && path[1] == '\0';
  int rc =
      to_stdout ? json_dumpf(array, stdout, JSON_INDENT(2)) : json_dump_file(array, path, JSON_INDENT(2));
  json_decref(array);
  return rc;
}
