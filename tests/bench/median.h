#ifndef BENCH_MEDIAN_H
#define BENCH_MEDIAN_H

#include <stddef.h>

#define MEDIAN_MAX 15

/* Of count values, 1 to MEDIAN_MAX. */
double median(const double *values, size_t count);
/* How far apart the least and the greatest are, as a share of the median; 0 if that is 0. */
double spread(const double *values, size_t count);

#endif
