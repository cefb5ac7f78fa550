/* The monotonic clock, and what the process has used of the processor. */
#ifndef RUSH_CLOCK_H
#define RUSH_CLOCK_H

#include <stdint.h>

int64_t clock_now_ns(void);
int64_t clock_cpu_ns(void);
/* Sleep until clock_now_ns() reaches at_ns, or a signal comes. */
void clock_sleep_until(int64_t at_ns);

#endif
