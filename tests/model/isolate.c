#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "isolate.h"
#include "run.h"

static void give_up(const char *what)
{
  perror(what);
  exit(2);
}

struct verdict *isolate_create(void)
{
  FILE *file = tmpfile();
  if (!file || ftruncate(fileno(file), sizeof(struct verdict)) != 0)
    give_up("cannot make a file to share");
  void *shared = mmap(NULL, sizeof(struct verdict), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
  if (shared == MAP_FAILED)
    give_up("cannot share memory");
  fclose(file);
  return shared;
}

void isolate_destroy(struct verdict *verdict)
{
  munmap(verdict, sizeof *verdict);
}

/* The child's part. exit() and not _exit(): sanitizers and coverage report there. */
static void run_child(const struct trace *trace, struct verdict *verdict, unsigned limit_s, int quiet)
{
  int null = quiet ? open("/dev/null", O_WRONLY) : -1;
  if (null >= 0)
    dup2(null, STDERR_FILENO);
  alarm(limit_s);
  run_trace(trace, verdict);
  exit(0);
}

void isolate_run(const struct trace *trace, struct verdict *verdict, unsigned limit_s, int quiet)
{
  int status = 0;
  memset(verdict, 0, sizeof *verdict);
  fflush(NULL);
  pid_t child = fork();
  if (child < 0)
    give_up("cannot fork");
  if (child == 0)
    run_child(trace, verdict, limit_s, quiet);
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      give_up("cannot wait");
  if (WIFSIGNALED(status))
    verdict_add(verdict, "signal", "the process was ended by signal %d", WTERMSIG(status));
  else if (WEXITSTATUS(status) != 0)
    verdict_add(verdict, "exit", "the process ended with status %d", WEXITSTATUS(status));
}
