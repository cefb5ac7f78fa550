/* Threads that make one call after the other for a given time. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include <stdint.h>
#include "latency.h"

#define CROWD_THREADS 256

struct crowd {
  uint32_t threads;
  int64_t start_ns, end_ns; /* monotonic */
  /* One call; 0 if it went well. turn counts the thread's own calls. */
  int (*call)(void *arg, uint32_t thread, uint32_t turn);
  void *arg;
};

struct crowd_result {
  double per_second; /* calls that ended in time */
  struct latency latency;
};

/* -1 if a call failed, or the crowd came too late for its start. */
int crowd_run(const struct crowd *crowd, struct crowd_result *result);

#endif
