/* What came of it: the figures that the report, the JSON and the plot show. */
#ifndef RUSH_SUMMARY_H
#define RUSH_SUMMARY_H

#include <stddef.h>
#include <stdint.h>
#include "rush_audit.h"
#include "rush_run.h"

struct summary {
  int64_t wait_median_ms, wait_p95_ms,
      wait_longest_ms;  /* from enter to admission; 0 if nobody was admitted */
  double polls_unpaced; /* one a second from each page that waits */
  struct check checks[AUDIT_CHECKS];
  size_t failed; /* checks */
};

/* Returns 0, or -1 without memory. */
int summary_init(struct summary *summary, const struct rush *rush);
/* Calls of verb per second of the time spent in them, or per second of the run where calls overlap. */
double summary_per_second(const struct rush *rush, int verb);

/* The three ways to show it. The files are complete or an error: -1, after saying on standard error what is
 * wrong. */
void report_print(const struct rush *rush, const struct summary *summary);
int json_write(const struct rush *rush, const struct summary *summary, const char *path);
int plot_write(const struct rush *rush, const struct summary *summary, const char *path);

#endif
