/* Everything that was measured, round by round, and what is taken from it. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>
#include "median.h"
#include "scenario.h"

#define SAMPLES_SIZES 8
#define SAMPLES_ROUNDS MEDIAN_MAX

enum { LIBQUEUE, PEER, SIDES };

struct samples {
  size_t sizes, rounds;
  uint32_t people[SAMPLES_SIZES]; /* rising */
  struct run run[SAMPLES_SIZES][SIDES][SAMPLES_ROUNDS];
  int with_rush;
  double rush_s[SAMPLES_ROUNDS];
};

/* Of the rounds; -1 where that side has no such figure. */
double samples_median(const struct samples *samples, size_t size, int side, enum figure figure);
double samples_worst(const struct samples *samples, size_t size, int side, enum figure figure);
double samples_median_rush_s(const struct samples *samples);

#endif
