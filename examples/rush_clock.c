#include <time.h>
#include "rush_clock.h"

#define NS_PER_S INT64_C(1000000000)

static int64_t read_ns(clockid_t id)
{
  struct timespec now;
  clock_gettime(id, &now);
  return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_now_ns(void)
{
  return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_cpu_ns(void)
{
  return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void clock_sleep_until(int64_t at_ns)
{
  struct timespec at = {.tv_sec = (time_t)(at_ns / NS_PER_S), .tv_nsec = (long)(at_ns % NS_PER_S)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}
