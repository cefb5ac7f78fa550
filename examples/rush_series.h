/* What was seen at the end of each second of the run, for the live view and the plot. */
#ifndef RUSH_SERIES_H
#define RUSH_SERIES_H

#include <stddef.h>
#include <stdint.h>

struct sample {
  int64_t at_ms;
  uint64_t waiting, inside;                /* at that moment */
  uint64_t arrived, admitted, polls, over; /* since the start */
};

struct series {
  struct sample *samples;
  size_t count, room;
};

void series_finish(struct series *series);
/* Returns 0, or -1 without memory. */
int series_add(struct series *series, const struct sample *sample);

/* A figure of sample i by name: a level, or for totals what a second added. */
enum measure { MEASURE_WAITING, MEASURE_INSIDE, MEASURE_ARRIVED, MEASURE_ADMITTED, MEASURE_POLLS };
double series_value(const struct series *series, enum measure measure, size_t i);
/* The highest of them, and in *at where it is; 0 if there are none. */
double series_highest(const struct series *series, enum measure measure, size_t *at);

#endif
