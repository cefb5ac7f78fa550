/* A network in between: a process that forwards TCP connections, each byte some time after it came, in both
 * directions, as many as come. */
#ifndef BENCH_DELAY_H
#define BENCH_DELAY_H

#include <stdint.h>
#include <sys/types.h>

struct delay {
  pid_t pid;
  int port; /* of this machine: connect here */
};

/* Forward to that port of this machine, each direction delayed by delay_ns. -1 after saying what is wrong. */
int delay_start(struct delay *delay, int target_port, int64_t delay_ns);
void delay_stop(struct delay *delay);

#endif
