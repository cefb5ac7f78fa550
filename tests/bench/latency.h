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

/* The quantiles that a report keeps. */
enum { Q_10, Q_25, Q_50, Q_75, Q_90, Q_95, Q_99, Q_995, Q_999, Q_9995, Q_9999, Q_ALL, QUANTILES };

struct quantiles {
  double ns[QUANTILES];
};

extern const double quantile_shares[QUANTILES];

void latency_add(struct latency *latency, uint64_t ns);
/* Add all that other has. */
void latency_merge(struct latency *latency, const struct latency *other);
/* For each share the least time that at least this share of the calls did not exceed; 0 if there is no call.
 */
void latency_quantiles(const struct latency *latency, struct quantiles *quantiles);

#endif
