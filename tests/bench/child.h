/* Processes of their own, so that no measurement meets the memory of another. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include "scenario.h"

typedef int child_scenario(const struct side *side, uint32_t people, struct run *run);

/* Run scenario in a fork and fetch its figures; figures that it does not set are -1. Returns -1 if it failed.
 */
int child_measure(child_scenario *scenario, const struct side *side, uint32_t people, struct run *run);
/* Touch that much memory in a process that ends at once. A virtual machine's host may have taken free pages
 * back, and whoever touches them first pays: that must not be the side that happens to run first. */
void child_warm_memory(size_t bytes);
/* Run the program quietly as "path --quiet", its standard output discarded, and set *seconds to its wall
 * time. Returns its exit status, -1 if it could not be run or was killed. */
int child_time_program(const char *path, double *seconds);

#endif
