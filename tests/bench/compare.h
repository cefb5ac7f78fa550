/* Two reports side by side: what has become worse? */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include "report.h"

/* Print a table to standard output. Returns how many figures are worse by more than their noise; -1 after
 * saying that they have nothing in common. */
int compare_reports(const struct report *old, const struct report *new);

#endif
