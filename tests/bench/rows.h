/* The rows of a report: each figure beside the peer's, and the goal that it is held to. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <stddef.h>
#include <stdint.h>

enum unit { UNIT_PER_SECOND, UNIT_NS, UNIT_BYTES, UNIT_SECONDS, UNIT_TIMES, UNIT_COUNT };
enum goal { GOAL_NONE, GOAL_RATIO, GOAL_AT_MOST };

struct row {
  char group[80];  /* its heading; the rows of a group follow one another */
  uint32_t people; /* 0: not of one size */
  const char *name, *label;
  enum unit unit;
  double ours, peer; /* peer: -1 if there is none */
  double ratio;      /* how many times better than the peer; -1 without one */
  enum goal goal_kind;
  double goal; /* of ratio, or of ours */
};

#define ROWS_MAX 96

struct rows {
  size_t count;
  struct row row[ROWS_MAX];
};

/* By how much the goal is missed, as a share of it; 0 if it is met or there is none. */
double row_shortfall(const struct row *row);

#endif
