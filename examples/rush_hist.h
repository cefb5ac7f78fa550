/* A histogram of durations, log-linear as HdrHistogram's: 64 steps in each power of two, so that any value is
 * kept to 1.6 %, in 29 KB. The highest value is kept exactly. Not for several threads. */
#ifndef RUSH_HIST_H
#define RUSH_HIST_H

#include <stdint.h>

#define HIST_STEP_BITS 6
#define HIST_STEPS (1u << HIST_STEP_BITS)
#define HIST_MAX ((UINT64_C(1) << 62) - 1)
#define HIST_CELLS ((62 - HIST_STEP_BITS + 1) * HIST_STEPS)

struct hist {
  uint64_t count, max;
  uint64_t cells[HIST_CELLS];
};

/* Add value; what is above HIST_MAX counts as that. */
void hist_add(struct hist *hist, uint64_t value);
/* Add all values of other. */
void hist_add_all(struct hist *hist, const struct hist *other);
/* The least kept value that share of all values (0 to 1) do not exceed; 0 if there are none. */
uint64_t hist_quantile(const struct hist *hist, double share);

#endif
