#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

static void inherit(char *out, size_t size, const char *own, const char *above)
{
  snprintf(out, size, "%s", own ? own : above);
}

struct figure *report_declare(struct report *report, const char *section, const struct kind *kind,
                              const struct figure *above, uint32_t people)
{
  if (report->figures == REPORT_FIGURES)
    abort();
  struct figure *figure = &report->figure[report->figures++];
  *figure = (struct figure){.people = people,
                            .unit = kind->unit,
                            .goal_kind = kind->goal_kind,
                            .goal = kind->goal,
                            .tolerance = kind->tolerance > 0 ? kind->tolerance : FIGURE_TOLERANCE};
  snprintf(figure->section, sizeof figure->section, "%s", section);
  snprintf(figure->name, sizeof figure->name, "%s", kind->name);
  snprintf(figure->label, sizeof figure->label, "%s", kind->label);
  inherit(figure->group, sizeof figure->group, kind->group, above ? above->group : "");
  inherit(figure->peer, sizeof figure->peer, kind->peer, above ? above->peer : "");
  return figure;
}

const struct figure *report_find(const struct report *report, const struct figure *like)
{
  for (size_t i = 0; i < report->figures; i++) {
    const struct figure *figure = &report->figure[i];
    if (strcmp(figure->name, like->name) == 0 && strcmp(figure->section, like->section) == 0 &&
        figure->people == like->people)
      return figure;
  }
  return NULL;
}

static struct spectrum *find_spectrum(struct report *report, const char *section, const char *name)
{
  for (size_t i = 0; i < report->spectra; i++) {
    struct spectrum *spectrum = &report->spectrum[i];
    if (strcmp(spectrum->name, name) == 0 && strcmp(spectrum->section, section) == 0)
      return spectrum;
  }
  if (report->spectra == REPORT_SPECTRA)
    abort();
  struct spectrum *spectrum = &report->spectrum[report->spectra++];
  *spectrum = (struct spectrum){0};
  snprintf(spectrum->section, sizeof spectrum->section, "%s", section);
  snprintf(spectrum->name, sizeof spectrum->name, "%s", name);
  return spectrum;
}

void report_add_spectrum(struct report *report, const char *section, const char *name, int side,
                         const struct quantiles *quantiles)
{
  struct spectrum *spectrum = find_spectrum(report, section, name);
  if (spectrum->rounds[side] < MEDIAN_MAX)
    spectrum->round[side][spectrum->rounds[side]++] = *quantiles;
}

double spectrum_median(const struct spectrum *spectrum, int side, int quantile)
{
  double values[MEDIAN_MAX];
  for (size_t i = 0; i < spectrum->rounds[side]; i++)
    values[i] = spectrum->round[side][i].ns[quantile];
  return spectrum->rounds[side] > 0 ? median(values, spectrum->rounds[side]) : -1;
}
