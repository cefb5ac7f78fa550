#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include "child.h"
#include "machine.h"

#define WARM_STRIDE 4096 /* no page is smaller */

int child_wait(pid_t child)
{
  int status;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR)
      return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int child_start(struct child *child, child_work *work, void *arg, size_t size)
{
  int ends[2];
  if (pipe(ends) != 0) {
    perror("bench: pipe");
    return -1;
  }
  pid_t pid = fork();
  if (pid == 0) {
    _Alignas(max_align_t) char out[CHILD_OUT] = {0};
    close(ends[0]);
    machine_end_with_parent();
    /* Written at once or not at all. */
    _exit(work(arg, out) == 0 && write(ends[1], out, size) == (ssize_t)size ? 0 : 1);
  }
  close(ends[1]);
  *child = (struct child){.pid = pid, .pipe_end = ends[0], .size = size};
  if (pid > 0)
    return 0;
  perror("bench: fork");
  close(ends[0]);
  return -1;
}

int child_finish(struct child *child, void *out)
{
  ssize_t got = read(child->pipe_end, out, child->size);
  close(child->pipe_end);
  return child_wait(child->pid) == 0 && got == (ssize_t)child->size ? 0 : -1;
}

int child_run(child_work *work, void *arg, void *out, size_t size)
{
  struct child child;
  return child_start(&child, work, arg, size) == 0 ? child_finish(&child, out) : -1;
}

/* What does not fit is read and dropped, so that the writer does not wait. */
static void read_text(int from, char *out, size_t size)
{
  size_t length = 0;
  char rest[512];
  for (;;) {
    size_t room = size - 1 - length;
    ssize_t got = room > 0 ? read(from, out + length, room) : read(from, rest, sizeof rest);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    if (room > 0)
      length += (size_t)got;
  }
  out[length] = '\0';
}

int child_read_program(char *const argv[], char *out, size_t size)
{
  int ends[2];
  if (pipe(ends) != 0) {
    perror("bench: pipe");
    return -1;
  }
  pid_t pid = fork();
  if (pid == 0) {
    if (dup2(ends[1], STDOUT_FILENO) >= 0) {
      close(ends[0]);
      close(ends[1]);
      execvp(argv[0], argv);
    }
    perror(argv[0]);
    _exit(127);
  }
  close(ends[1]);
  if (pid > 0)
    read_text(ends[0], out, size);
  close(ends[0]);
  return pid > 0 ? child_wait(pid) : -1;
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
    child_wait(child);
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
  int status = child_wait(child);
  *seconds = (double)(machine_now_ns() - start) / 1e9;
  return status;
}
