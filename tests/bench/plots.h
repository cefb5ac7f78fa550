/* The report as pictures. */
#ifndef BENCH_PLOTS_H
#define BENCH_PLOTS_H

#include "report.h"

/* Draw what the report has figures for into that folder, made if need be: throughput.svg, latency.svg,
 * tail.svg. -1 after saying what is wrong. */
int plots_draw(const struct report *report, const char *folder);

#endif
