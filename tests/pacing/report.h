/* The figures of some scenes: a table for people, JSON for programs. */
#ifndef PACING_REPORT_H
#define PACING_REPORT_H

#include <stddef.h>
#include "figures.h"

struct result {
  struct scene scene;
  struct figures figures;
  double took_s; /* real time */
};

/* The goals: polls at most 12,000/s in any minute, per 300,000 who come; READY seen within 3 s at p95; the
 * expected wait within 20 % at the median of what could be known. */
int result_polls_met(const struct result *result);
int result_notice_met(const struct result *result);
int result_eta_met(const struct result *result);

void report_table(const struct result *results, size_t count);
/* To a file, or to standard output if path is "-". 0, or -1. */
int report_json(const struct result *results, size_t count, const char *path);

#endif
