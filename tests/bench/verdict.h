/* The rows of the report: each figure beside the peer's, and the goal that it is held to. */
#ifndef BENCH_VERDICT_H
#define BENCH_VERDICT_H

#include <stddef.h>
#include <stdint.h>
#include "samples.h"

enum unit { UNIT_PER_SECOND, UNIT_NS, UNIT_BYTES, UNIT_SECONDS, UNIT_TIMES };
enum goal { GOAL_NONE, GOAL_RATIO, GOAL_AT_MOST };

struct row {
  uint32_t people; /* 0: not of one size */
  const char *name, *label;
  enum unit unit;
  double ours, peer; /* peer: -1 if there is none */
  double ratio;      /* how many times better than the peer; -1 without one */
  enum goal goal_kind;
  double goal; /* of ratio, or of ours */
};

/* 10 rows a size, 5 for growth, 1 for the rush. */
#define VERDICT_ROWS (SAMPLES_SIZES * 10 + 6)

struct verdict {
  size_t count;
  struct row rows[VERDICT_ROWS];
};

void verdict_make(struct verdict *verdict, const struct samples *samples);
/* By how much the goal is missed, as a share of it; 0 if it is met or there is none. */
double verdict_shortfall(const struct row *row);

#endif
