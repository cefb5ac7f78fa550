/* The measured work: n people enter; 1,000,000 random polls; the same in batches; a quarter of the people, at
 * most 1,000,000, leave in random order; ticks admit the rest. Ids are 12 bytes, made by snprintf inside the
 * timed loops on both sides. */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include <stdint.h>
#include "side.h"

enum figure {
  FIGURE_ENTER, /* ns per call or person, down to FIGURE_TICK */
  FIGURE_POLL,
  FIGURE_BATCH, /* per poll */
  FIGURE_RELEASE,
  FIGURE_TICK,        /* per person moved */
  FIGURE_BYTES,       /* resident bytes per person when all are waiting */
  FIGURE_P999,        /* ns: 99.9 % of the enters took no longer, id and one clock read included */
  FIGURE_LONGEST,     /* ns: longest single enter, likewise */
  FIGURE_LONGEST_OWN, /* ns: the same, without the time for which other programs had the CPU */
  FIGURES
};

/* One side's figures of one process; -1 where it has none. */
struct run {
  double figure[FIGURES];
};

/* Measure all down to FIGURE_BYTES, without a clock read per call. -1 if a call failed or
 * answered wrongly. */
int scenario_throughput(const struct side *side, uint32_t people, struct run *run);
/* Measure the others. */
int scenario_latency(const struct side *side, uint32_t people, struct run *run);

#endif
