/* Processes of their own, so that no measurement meets the memory of another. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#define CHILD_OUT 512 /* what POSIX promises that a pipe takes at once */

/* Does the work and fills out; 0 if that went well. */
typedef int child_work(void *arg, void *out);

struct child {
  pid_t pid;
  int pipe_end;
  size_t size;
};

/* Begin work in a fork. size: bytes of out, at most CHILD_OUT. -1 after saying what is wrong. */
int child_start(struct child *child, child_work *work, void *arg, size_t size);
/* Wait for its end and fetch out. -1 if it failed. */
int child_finish(struct child *child, void *out);
/* Both. */
int child_run(child_work *work, void *arg, void *out, size_t size);

/* Run a program, and fetch the first size - 1 bytes of its standard output as text. argv ends with NULL.
 * Returns the exit status; -1 if it could not be run or was killed. */
int child_read_program(char *const argv[], char *out, size_t size);

/* Touch that much memory in a process that ends at once. A virtual machine's host may have taken free pages
 * back, and whoever touches them first pays: that must not be the side that happens to run first. */
void child_warm_memory(size_t bytes);
/* Run the program quietly as "path --quiet", its standard output discarded, and set *seconds to its wall
 * time. Returns its exit status, -1 if it could not be run or was killed. */
int child_time_program(const char *path, double *seconds);
/* Returns the exit status of the child, -1 if a signal ended it. */
int child_wait(pid_t pid);

#endif
