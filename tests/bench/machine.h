/* What the benchmark asks of the machine. The one place here that goes beyond POSIX. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stddef.h>
#include <stdint.h>

int64_t machine_now_ns(void); /* monotonic */
int64_t machine_cpu_ns(void); /* what this thread has had of a CPU; a system call */
/* Sleep until that moment of the monotonic clock; not at all if it is over. */
void machine_sleep_until(int64_t ns);
/* Make this thread's sleeps end as exactly as the system can. */
void machine_sharpen_sleep(void);
/* Keep this process, and what it forks from now on, on the last CPU that it may use. Returns its number, -1
 * if that is not allowed here. */
int machine_pin(void);
/* End this process when the one that forked it ends, where the system can do that. */
void machine_end_with_parent(void);
/* Bytes of this process that are in memory, everything included; 0 if unknown. */
uint64_t machine_resident_bytes(void);
/* Bytes that this process has from malloc; 0 if unknown. */
uint64_t machine_heap_bytes(void);

/* What a report says about where it was made: no names of hosts, no paths. */
struct machine {
  char processor[96], system[96], compiler[64], flags[128];
  char redis[32]; /* the server's version; "" without one */
  int cores;
};

void machine_describe(struct machine *machine);
/* Whether they are alike enough for values without a peer to be compared. */
int machine_is_same(const struct machine *a, const struct machine *b);

#endif
