#include "histogram.h"

#include <inttypes.h>

const struct qki_scale qki_scale_spans = {{1000, 2000, 5000, 10000, 30000, 60000, 120000, 300000, 600000,
                                           1200000, 1800000, 3600000, 7200000, 14400000, 28800000},
                                          15,
                                          1e3};
const struct qki_scale qki_scale_calls = {
    {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000},
    15,
    1e6};
const struct qki_scale qki_scale_people = {
    {0, 1, 10, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000}, 14, 1};
const struct qki_scale qki_scale_ops = {{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384}, 13, 1};

static size_t bucket_of(const struct qki_scale *scale, uint64_t value)
{
  size_t i = 0;
  while (i < scale->count && value > scale->bound[i])
    i++;
  return i;
}

void qki_histogram_add(struct qki_histogram *histogram, const struct qki_scale *scale, uint64_t value,
                       uint64_t n)
{
  atomic_fetch_add_explicit(&histogram->bucket[bucket_of(scale, value)], n, memory_order_relaxed);
  atomic_fetch_add_explicit(&histogram->sum, value * n, memory_order_relaxed);
}

static void bump(_Atomic uint64_t *count, uint64_t n)
{
  atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + n, memory_order_relaxed);
}

void qki_histogram_add_alone(struct qki_histogram *histogram, const struct qki_scale *scale, uint64_t value,
                             uint64_t n)
{
  bump(&histogram->bucket[bucket_of(scale, value)], n);
  bump(&histogram->sum, value * n);
}

void qki_histogram_print(FILE *out, const char *name, const char *labels,
                         const struct qki_histogram *histogram, const struct qki_scale *scale)
{
  uint64_t count = 0;
  for (size_t i = 0; i <= scale->count; i++) {
    count += atomic_load_explicit(&histogram->bucket[i], memory_order_relaxed);
    fprintf(out, "%s_bucket{%s,le=\"", name, labels);
    if (i < scale->count)
      fprintf(out, "%.10g", (double)scale->bound[i] / scale->unit);
    else
      fputs("+Inf", out);
    fprintf(out, "\"} %" PRIu64 "\n", count);
  }
  double sum = (double)atomic_load_explicit(&histogram->sum, memory_order_relaxed) / scale->unit;
  fprintf(out, "%s_sum{%s} %.17g\n%s_count{%s} %" PRIu64 "\n", name, labels, sum, name, labels, count);
}
