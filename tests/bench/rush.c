/* The whole life of the 310,000 people of the rush program, in virtual time on the store in memory. */
#include <stdio.h>
#include "child.h"
#include "sections.h"

static const struct kind kind = {"memory: virtual time", "",           "rush_s", "rush of 310,000 people",
                                 UNIT_SECONDS,           GOAL_AT_MOST, 5,        0};

static int measure(struct bench *bench)
{
  double seconds;
  int status = child_time_program(SECTIONS_RUSH, &seconds);
  if (status != 0) {
    fprintf(stderr, "bench: " SECTIONS_RUSH " failed with status %d\n", status);
    return -1;
  }
  bench_add(bench, 0, LIBQUEUE, seconds);
  return 0;
}

const struct section section_rush = {
    .name = "rush", .kinds = &kind, .count = 1, .measure = measure, .in_rounds = 1};
