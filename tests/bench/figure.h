/* One figure of the report: what the library needs for some work beside what a peer needs, round by round,
 * and the goal that it is held to. */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stddef.h>
#include <stdint.h>
#include "median.h"

enum { LIBQUEUE, PEER, SIDES };

/* Of a rate more is better, of all else less. */
enum unit { UNIT_PER_SECOND, UNIT_NS, UNIT_BYTES, UNIT_SECONDS, UNIT_TIMES, UNIT_PERCENT, UNIT_COUNT, UNITS };
enum goal { GOAL_NONE, GOAL_RATIO, GOAL_AT_LEAST, GOAL_AT_MOST };

/* What a section of the benchmark measures. */
struct kind {
  const char *group; /* its heading; NULL: that of the kind above */
  const char *peer;  /* what it stands beside; NULL: that of the kind above; "": nothing */
  const char *name, *label;
  enum unit unit;
  enum goal goal_kind;
  double goal;      /* of the ratio, or of the library's value */
  double tolerance; /* the least worsening that counts, as a share, whatever the rounds say; 0:
                       FIGURE_TOLERANCE */
};

#define FIGURE_TOLERANCE 0.1
#define FIGURE_TAIL_TOLERANCE 0.5 /* of what a few of many calls decide */

struct figure {
  char section[16], group[64], peer[64], name[48], label[48];
  char missing[96]; /* why there are no values; "" if there are */
  uint32_t people;  /* 0: not of one length of the line */
  enum unit unit;
  enum goal goal_kind;
  double goal, tolerance;
  size_t rounds[SIDES];
  double value[SIDES][MEDIAN_MAX];
};

void figure_add(struct figure *figure, int side, double value);
/* Of the rounds; -1 if there is none. */
double figure_median(const struct figure *figure, int side);
/* How many times better than the peer; -1 without one. */
double figure_ratio(const struct figure *figure);
/* By how much the goal is missed, as a share of it; 0 if it is met, or there is none. */
double figure_shortfall(const struct figure *figure);
/* Whether there is a value and a goal for it. */
int figure_is_held(const struct figure *figure);

#endif
