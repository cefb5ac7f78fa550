#include "latency.h"

const double quantile_shares[QUANTILES] = {0.1,  0.25,  0.5,   0.75,   0.9,    0.95,
                                           0.99, 0.995, 0.999, 0.9995, 0.9999, 1};

/* Bucket b < 2 * LATENCY_STEPS holds the time b; each later group of LATENCY_STEPS covers one power of two.
 */
static unsigned bucket_of(uint64_t ns)
{
  unsigned shift = 0;
  while (ns >> shift >= 2 * LATENCY_STEPS)
    shift++;
  return shift * LATENCY_STEPS + (unsigned)(ns >> shift);
}

static uint64_t last_of(unsigned bucket)
{
  if (bucket < 2 * LATENCY_STEPS)
    return bucket;
  unsigned shift = bucket / LATENCY_STEPS - 1;
  uint64_t mantissa = bucket % LATENCY_STEPS + LATENCY_STEPS;
  return ((mantissa + 1) << shift) - 1;
}

void latency_add(struct latency *latency, uint64_t ns)
{
  latency->buckets[bucket_of(ns)]++;
  latency->count++;
  if (ns > latency->longest_ns)
    latency->longest_ns = ns;
}

void latency_merge(struct latency *latency, const struct latency *other)
{
  for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
    latency->buckets[i] += other->buckets[i];
  latency->count += other->count;
  if (other->longest_ns > latency->longest_ns)
    latency->longest_ns = other->longest_ns;
}

static uint64_t quantile_ns(const struct latency *latency, double share)
{
  double wanted = share * (double)latency->count;
  uint64_t seen = 0;
  for (unsigned i = 0; i < LATENCY_BUCKETS && latency->count > 0; i++) {
    seen += latency->buckets[i];
    if ((double)seen >= wanted)
      return last_of(i) < latency->longest_ns ? last_of(i) : latency->longest_ns;
  }
  return latency->longest_ns;
}

void latency_quantiles(const struct latency *latency, struct quantiles *quantiles)
{
  for (int i = 0; i < QUANTILES; i++)
    quantiles->ns[i] = (double)quantile_ns(latency, quantile_shares[i]);
}
