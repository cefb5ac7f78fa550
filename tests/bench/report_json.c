#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include "report.h"

/* The words of the JSON form. */
static const char *const unit_names[UNITS] = {"1/s", "ns", "B", "s", "times", "%", "1"};
static const char *const goal_names[] = {NULL, "ratio_at_least", "at_least", "at_most"};
static const char *const side_names[SIDES] = {"libqueue", "peer"};

/* ---- Writing ---- */

static json_t *real_or_null(double value)
{
  return value < 0 ? json_null() : json_real(value);
}

static json_t *reals(const double *values, size_t count)
{
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(array, json_real(values[i]));
  return array;
}

static json_t *figure_json(const struct figure *figure)
{
  json_t *object = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "section", figure->section, "name",
                             figure->name, "people", (int)figure->people, "group", figure->group, "label",
                             figure->label, "beside", figure->peer, "unit", unit_names[figure->unit]);
  json_t *rounds = json_object();
  for (int i = 0; i < SIDES; i++) {
    json_object_set_new(object, side_names[i], real_or_null(figure_median(figure, i)));
    json_object_set_new(rounds, side_names[i], reals(figure->value[i], figure->rounds[i]));
  }
  json_object_set_new(object, "ratio", real_or_null(figure_ratio(figure)));
  json_object_set_new(object, "tolerance", json_real(figure->tolerance));
  if (figure->goal_kind != GOAL_NONE)
    json_object_set_new(object, "goal", json_pack("{s:f}", goal_names[figure->goal_kind], figure->goal));
  if (figure_is_held(figure))
    json_object_set_new(object, "met", json_boolean(figure_shortfall(figure) <= 0));
  if (figure->missing[0] != '\0')
    json_object_set_new(object, "missing", json_string(figure->missing));
  json_object_set_new(object, "rounds", rounds);
  return object;
}

static json_t *spectrum_json(const struct spectrum *spectrum)
{
  json_t *object = json_pack("{s:s, s:s, s:s, s:o}", "section", spectrum->section, "name", spectrum->name,
                             "unit", "ns", "shares", reals(quantile_shares, QUANTILES));
  json_t *rounds = json_object();
  for (int i = 0; i < SIDES; i++) {
    json_t *array = json_array();
    for (size_t round = 0; round < spectrum->rounds[i]; round++)
      json_array_append_new(array, reals(spectrum->round[i][round].ns, QUANTILES));
    json_object_set_new(rounds, side_names[i], array);
  }
  json_object_set_new(object, "rounds", rounds);
  return object;
}

static json_t *machine_json(const struct machine *machine)
{
  return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "processor", machine->processor, "cores", machine->cores,
                   "system", machine->system, "compiler", machine->compiler, "flags", machine->flags, "redis",
                   machine->redis);
}

int report_write(const struct report *report, const char *path)
{
  json_t *figures = json_array(), *spectra = json_array();
  for (size_t i = 0; i < report->figures; i++)
    json_array_append_new(figures, figure_json(&report->figure[i]));
  for (size_t i = 0; i < report->spectra; i++)
    json_array_append_new(spectra, spectrum_json(&report->spectrum[i]));
  json_t *root = json_pack("{s:i, s:s, s:b, s:i, s:o, s:o, s:o}", "schema", REPORT_SCHEMA, "libqueue",
                           report->version, "quick", report->quick, "rounds", (int)report->rounds, "machine",
                           machine_json(&report->machine), "figures", figures, "spectra", spectra);
  int rc = root ? json_dump_file(root, path, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) : -1;
  json_decref(root);
  if (rc != 0)
    fprintf(stderr, "bench: cannot write %s\n", path);
  return rc;
}

/* ---- Reading ---- */

static void read_text(char *out, size_t size, const json_t *object, const char *name)
{
  const char *text = json_string_value(json_object_get(object, name));
  snprintf(out, size, "%s", text ? text : "");
}

/* Returns how many there are, max at most. */
static size_t read_reals(double *values, size_t max, const json_t *array)
{
  size_t count = json_array_size(array) < max ? json_array_size(array) : max;
  for (size_t i = 0; i < count; i++)
    values[i] = json_number_value(json_array_get(array, i));
  return count;
}

static int read_goal(struct figure *figure, const json_t *goal)
{
  for (int kind = GOAL_RATIO; goal && kind <= GOAL_AT_MOST; kind++) {
    const json_t *value = json_object_get(goal, goal_names[kind]);
    if (!json_is_number(value))
      continue;
    figure->goal_kind = (enum goal)kind;
    figure->goal = json_number_value(value);
  }
  return goal && figure->goal_kind == GOAL_NONE ? -1 : 0;
}

static int read_unit(struct figure *figure, const json_t *object)
{
  const char *name = json_string_value(json_object_get(object, "unit"));
  for (int unit = 0; name && unit < UNITS; unit++) {
    if (strcmp(name, unit_names[unit]) != 0)
      continue;
    figure->unit = (enum unit)unit;
    return 0;
  }
  return -1;
}

static int read_figure(struct figure *figure, const json_t *object)
{
  const json_t *rounds = json_object_get(object, "rounds");
  *figure = (struct figure){0};
  read_text(figure->section, sizeof figure->section, object, "section");
  read_text(figure->name, sizeof figure->name, object, "name");
  read_text(figure->group, sizeof figure->group, object, "group");
  read_text(figure->label, sizeof figure->label, object, "label");
  read_text(figure->peer, sizeof figure->peer, object, "beside");
  read_text(figure->missing, sizeof figure->missing, object, "missing");
  figure->people = (uint32_t)json_integer_value(json_object_get(object, "people"));
  figure->tolerance = json_number_value(json_object_get(object, "tolerance"));
  for (int i = 0; i < SIDES; i++)
    figure->rounds[i] = read_reals(figure->value[i], MEDIAN_MAX, json_object_get(rounds, side_names[i]));
  if (figure->name[0] == '\0' || read_unit(figure, object) != 0)
    return -1;
  return read_goal(figure, json_object_get(object, "goal"));
}

static int read_spectrum(struct spectrum *spectrum, const json_t *object)
{
  const json_t *rounds = json_object_get(object, "rounds");
  *spectrum = (struct spectrum){0};
  read_text(spectrum->section, sizeof spectrum->section, object, "section");
  read_text(spectrum->name, sizeof spectrum->name, object, "name");
  for (int i = 0; i < SIDES; i++) {
    const json_t *side = json_object_get(rounds, side_names[i]), *round;
    size_t at;
    json_array_foreach(side, at, round)
    {
      if (at == MEDIAN_MAX || read_reals(spectrum->round[i][at].ns, QUANTILES, round) != QUANTILES)
        return -1;
      spectrum->rounds[i]++;
    }
  }
  return 0;
}

static void read_machine(struct machine *machine, const json_t *object)
{
  *machine = (struct machine){.cores = (int)json_integer_value(json_object_get(object, "cores"))};
  read_text(machine->processor, sizeof machine->processor, object, "processor");
  read_text(machine->system, sizeof machine->system, object, "system");
  read_text(machine->compiler, sizeof machine->compiler, object, "compiler");
  read_text(machine->flags, sizeof machine->flags, object, "flags");
  read_text(machine->redis, sizeof machine->redis, object, "redis");
}

static int read_all(struct report *report, const json_t *root)
{
  const json_t *figures = json_object_get(root, "figures"), *spectra = json_object_get(root, "spectra"),
               *found;
  size_t i;
  if (!json_is_array(figures) || json_array_size(figures) > REPORT_FIGURES ||
      json_array_size(spectra) > REPORT_SPECTRA)
    return -1;
  read_text(report->version, sizeof report->version, root, "libqueue");
  report->quick = json_is_true(json_object_get(root, "quick"));
  report->rounds = (size_t)json_integer_value(json_object_get(root, "rounds"));
  read_machine(&report->machine, json_object_get(root, "machine"));
  json_array_foreach(figures, i, found)
  {
    if (read_figure(&report->figure[report->figures++], found) != 0)
      return -1;
  }
  json_array_foreach(spectra, i, found)
  {
    if (read_spectrum(&report->spectrum[report->spectra++], found) != 0)
      return -1;
  }
  return 0;
}

int report_read(struct report *report, const char *path)
{
  json_error_t error;
  json_t *root = json_load_file(path, 0, &error);
  int rc = -1;
  *report = (struct report){0};
  if (!root)
    fprintf(stderr, "bench: %s: %s\n", path, error.text);
  else if (json_integer_value(json_object_get(root, "schema")) != REPORT_SCHEMA)
    fprintf(stderr, "bench: %s is no report of schema %d\n", path, REPORT_SCHEMA);
  else if ((rc = read_all(report, root)) != 0)
    fprintf(stderr, "bench: %s is a damaged report\n", path);
  json_decref(root);
  return rc;
}
