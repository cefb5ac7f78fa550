/* A histogram of times: exact below 128 ns, within 1.6 % above (64 steps in each power of two). Nothing is
 * stored per call, so that recording hardly disturbs the caches under measurement. */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include <stdint.h>

#define LATENCY_STEPS 64
#define LATENCY_BUCKETS (LATENCY_STEPS * 59) /* up to 2^64 - 1 ns */

struct latency {
  uint64_t count, longest_ns;
  uint64_t buckets[LATENCY_BUCKETS];
};

void latency_add(struct latency *latency, uint64_t ns);
/* Add all that other has. */
void latency_merge(struct latency *latency, const struct latency *other);
/* The least time that at least this share (0 to 1) of the calls did not exceed; 0 if nothing was added. */
uint64_t latency_quantile_ns(const struct latency *latency, double share);

#endif
