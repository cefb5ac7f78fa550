/* Counts by size for qk_metrics(): fixed buckets, atomic counters, no lock. */
#ifndef QKI_HISTOGRAM_H
#define QKI_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define QKI_BOUNDS_MAX 15

/* The upper bounds of the buckets, inclusive, rising; 1 / unit of them is what is shown. */
struct qki_scale {
  uint64_t bound[QKI_BOUNDS_MAX];
  size_t count;
  double unit;
};

extern const struct qki_scale qki_scale_spans;  /* ms, from a second to hours */
extern const struct qki_scale qki_scale_calls;  /* us, from 100 us to 5 s */
extern const struct qki_scale qki_scale_people; /* 0 to 100,000 */
extern const struct qki_scale qki_scale_ops;    /* 1 to 16,384 */

struct qki_histogram {
  _Atomic uint64_t bucket[QKI_BOUNDS_MAX + 1]; /* the last: above all bounds */
  _Atomic uint64_t sum;
};

/* Count n times value. Any thread. */
void qki_histogram_add(struct qki_histogram *histogram, const struct qki_scale *scale, uint64_t value,
                       uint64_t n);
/* The same while nobody else adds: half as dear. */
void qki_histogram_add_alone(struct qki_histogram *histogram, const struct qki_scale *scale, uint64_t value,
                             uint64_t n);
/* Print name_bucket, name_sum and name_count; labels as in "a=\"1\",b=\"2\"". */
void qki_histogram_print(FILE *out, const char *name, const char *labels,
                         const struct qki_histogram *histogram, const struct qki_scale *scale);

#endif
