/* Values counted in bins of one width, for quantiles of millions of them. */
#ifndef PACING_SPREAD_H
#define PACING_SPREAD_H

#include <stdint.h>

enum { SPREAD_BINS = 20000 };

struct spread {
  double width, max;
  uint64_t count;
  uint32_t bins[SPREAD_BINS]; /* the last one takes all that is above */
};

void spread_init(struct spread *spread, double width);
/* value is at least 0. */
void spread_add(struct spread *spread, double value);
/* The upper end of the bin that holds this share of the values; 0 if there is none. */
double spread_quantile(const struct spread *spread, double share);
/* The share of values in bins that begin at or above value. */
double spread_share_above(const struct spread *spread, double value);

#endif
