#include <stdlib.h>
#include "rush_series.h"

void series_finish(struct series *series)
{
  free(series->samples);
  *series = (struct series){0};
}

int series_add(struct series *series, const struct sample *sample)
{
  if (series->count == series->room) {
    size_t room = series->room > 0 ? 2 * series->room : 256;
    struct sample *samples = realloc(series->samples, room * sizeof *samples);
    if (samples == NULL)
      return -1;
    series->samples = samples;
    series->room = room;
  }
  series->samples[series->count++] = *sample;
  return 0;
}

static uint64_t total(const struct sample *sample, enum measure measure)
{
  switch (measure) {
  case MEASURE_ARRIVED:
    return sample->arrived;
  case MEASURE_ADMITTED:
    return sample->admitted;
  default:
    return sample->polls;
  }
}

double series_value(const struct series *series, enum measure measure, size_t i)
{
  const struct sample *here = &series->samples[i];
  if (measure == MEASURE_WAITING)
    return (double)here->waiting;
  if (measure == MEASURE_INSIDE)
    return (double)here->inside;
  const struct sample none = {0};
  const struct sample *before = i > 0 ? &series->samples[i - 1] : &none;
  double ms = (double)(here->at_ms - before->at_ms);
  return ms > 0 ? 1000 * (double)(total(here, measure) - total(before, measure)) / ms : 0;
}

double series_highest(const struct series *series, enum measure measure, size_t *at)
{
  double highest = 0;
  *at = 0;
  for (size_t i = 0; i < series->count; i++) {
    double value = series_value(series, measure, i);
    if (value > highest) {
      highest = value;
      *at = i;
    }
  }
  return highest;
}
