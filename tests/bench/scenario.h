/* The measured work: n people enter; random polls; the same in batches; a quarter of the people, at most
 * 1,000,000, leave in random order; ticks admit the rest. Ids are 12 bytes, made inside the timed loops on
 * both sides. */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include <stdint.h>
#include "side.h"

enum reading {
  READING_ENTER, /* ns per call or person, down to READING_TICK */
  READING_POLL,
  READING_BATCH, /* per poll */
  READING_RELEASE,
  READING_TICK,        /* per person moved */
  READING_BYTES,       /* resident bytes per person when all are waiting */
  READING_P999,        /* ns: 99.9 % of the enters took no longer, id and one clock read included */
  READING_LONGEST,     /* ns: longest single enter, likewise */
  READING_LONGEST_OWN, /* ns: the same, without the time for which other programs had the CPU */
  READINGS
};

/* What one process read of one side; -1 where it has none. */
struct run {
  double reading[READINGS];
};

struct load {
  uint32_t people, polls;
};

/* Measure all down to READING_BYTES, without a clock read per call. -1 if a call failed or answered wrongly.
 */
int scenario_throughput(const struct side *side, const struct load *load, struct run *run);
/* Measure the others. */
int scenario_latency(const struct side *side, const struct load *load, struct run *run);

#endif
