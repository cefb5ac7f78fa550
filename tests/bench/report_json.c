#include <stdio.h>
#include <jansson.h>
#include <qk.h>
#include "report.h"

static json_t *real_or_null(double value)
{
  return value < 0 ? json_null() : json_real(value);
}

static json_t *row_json(const struct row *row)
{
  static const char *const units[] = {"1/s", "ns", "B", "s", "times", "1"};
  json_t *object = json_object();
  if (row->people > 0)
    json_object_set_new(object, "people", json_integer((json_int_t)row->people));
  json_object_set_new(object, "group", json_string(row->group));
  json_object_set_new(object, "name", json_string(row->name));
  json_object_set_new(object, "unit", json_string(units[row->unit]));
  json_object_set_new(object, "libqueue", json_real(row->ours));
  json_object_set_new(object, "peer", real_or_null(row->peer));
  json_object_set_new(object, "better", real_or_null(row->ratio));
  if (row->goal_kind != GOAL_NONE) {
    const char *key = row->goal_kind == GOAL_RATIO ? "goal_better_at_least" : "goal_at_most";
    json_object_set_new(object, key, json_real(row->goal));
    json_object_set_new(object, "met", json_boolean(row_shortfall(row) <= 0));
  }
  return object;
}

int report_json(const struct rows *rows, const struct report_setting *setting, const char *path)
{
  json_t *root = json_object(), *array = json_array();
  json_object_set_new(root, "version", json_string(qk_version()));
  json_object_set_new(root, "machine", json_string(setting->machine));
  json_object_set_new(root, "cpu", setting->cpu < 0 ? json_null() : json_integer(setting->cpu));
  json_object_set_new(root, "rounds", json_integer((json_int_t)setting->rounds));
  for (size_t i = 0; i < rows->count; i++)
    json_array_append_new(array, row_json(&rows->row[i]));
  json_object_set_new(root, "rows", array);
  int rc = json_dump_file(root, path, JSON_INDENT(2));
  json_decref(root);
  return rc;
}
