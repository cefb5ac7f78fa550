#ifndef BENCH_MEDIAN_H
#define BENCH_MEDIAN_H

#include <stddef.h>

#define MEDIAN_MAX 15

/* Of count values, 1 to MEDIAN_MAX. */
double median(const double *values, size_t count);
/* The greatest of them. */
double worst(const double *values, size_t count);

#endif
