#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include "child.h"
#include "machine.h"

#define WARM_STRIDE 4096 /* no page is smaller */

/* Returns the exit status of the child, -1 if a signal ended it. */
static int wait_for(pid_t child)
{
  int status;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR)
      return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The child's side. A run is smaller than PIPE_BUF, so it is written at once or not at all. */
static void measure_and_exit(child_scenario *scenario, const struct side *side, uint32_t people, int pipe_end)
{
  struct run run;
  for (int i = 0; i < FIGURES; i++)
    run.figure[i] = -1;
  int rc = scenario(side, people, &run);
  if (rc == 0 && write(pipe_end, &run, sizeof run) != (ssize_t)sizeof run)
    rc = -1;
  _exit(rc == 0 ? 0 : 1);
}

int child_measure(child_scenario *scenario, const struct side *side, uint32_t people, struct run *run)
{
  int ends[2];
  if (pipe(ends) != 0) {
    perror("bench: pipe");
    return -1;
  }
  pid_t child = fork();
  if (child == 0)
    measure_and_exit(scenario, side, people, ends[1]);
  if (child < 0)
    perror("bench: fork");
  close(ends[1]);
  ssize_t got = child < 0 ? -1 : read(ends[0], run, sizeof *run);
  close(ends[0]);
  if (child > 0 && wait_for(child) != 0)
    return -1;
  return got == (ssize_t)sizeof *run ? 0 : -1;
}

void child_warm_memory(size_t bytes)
{
  pid_t child = fork();
  if (child == 0) {
    volatile char *memory = malloc(bytes);
    for (size_t i = 0; memory && i < bytes; i += WARM_STRIDE)
      memory[i] = 1;
    _exit(0);
  }
  if (child > 0)
    wait_for(child);
}

static void run_quietly(const char *path)
{
  int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0)
    execl(path, path, "--quiet", (char *)NULL);
  perror(path);
  _exit(127);
}

int child_time_program(const char *path, double *seconds)
{
  int64_t start = machine_now_ns();
  pid_t child = fork();
  if (child == 0)
    run_quietly(path);
  if (child < 0) {
    perror("bench: fork");
    return -1;
  }
  int status = wait_for(child);
  *seconds = (double)(machine_now_ns() - start) / 1e9;
  return status;
}
