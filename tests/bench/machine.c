#define _GNU_SOURCE /* sched_setaffinity */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "machine.h"

static int64_t read_ns(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t machine_now_ns(void)
{
  return read_ns(CLOCK_MONOTONIC);
}

int64_t machine_cpu_ns(void)
{
  return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

void machine_sleep_until(int64_t ns)
{
  struct timespec until = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
  }
}

void machine_sharpen_sleep(void)
{
  prctl(PR_SET_TIMERSLACK, 1); /* ns; 50,000 otherwise */
}

int machine_pin(void)
{
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
    return -1;
  int cpu = CPU_SETSIZE - 1;
  while (cpu >= 0 && !CPU_ISSET((size_t)cpu, &allowed))
    cpu--;
  if (cpu < 0)
    return -1;
  CPU_ZERO(&one);
  CPU_SET((size_t)cpu, &one);
  return sched_setaffinity(0, sizeof one, &one) == 0 ? cpu : -1;
}

void machine_end_with_parent(void)
{
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

uint64_t machine_resident_bytes(void)
{
  uint64_t size, resident;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file)
    return 0;
  int fields = fscanf(file, "%" SCNu64 " %" SCNu64, &size, &resident);
  fclose(file);
  return fields == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

uint64_t machine_heap_bytes(void)
{
#ifdef __GLIBC__
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

static void describe_processor(char *out, size_t size)
{
  char line[256];
  snprintf(out, size, "unknown processor");
  FILE *file = fopen("/proc/cpuinfo", "r");
  if (!file)
    return;
  while (fgets(line, sizeof line, file)) {
    char *name = strchr(line, ':');
    if (!name || strncmp(line, "model name", strlen("model name")) != 0)
      continue;
    name += strspn(name, ": \t");
    name[strcspn(name, "\n")] = '\0';
    snprintf(out, size, "%s", name);
    break;
  }
  fclose(file);
}

/* The compiler's flags, less those that hold a path. */
static void describe_flags(char *out, size_t size)
{
  char flags[] = BENCH_CFLAGS, *rest = NULL;
  size_t used = 0;
  out[0] = '\0';
  for (char *flag = strtok_r(flags, " ", &rest); flag; flag = strtok_r(NULL, " ", &rest)) {
    size_t length = strlen(flag);
    if (strchr(flag, '/') || used + length + 2 > size)
      continue;
    used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", flag);
  }
}

void machine_describe(struct machine *machine)
{
  struct utsname system;
  *machine = (struct machine){.cores = (int)sysconf(_SC_NPROCESSORS_ONLN)};
  describe_processor(machine->processor, sizeof machine->processor);
  if (uname(&system) >= 0)
    snprintf(machine->system, sizeof machine->system, "%.40s %.50s", system.sysname, system.release);
#ifdef __clang__
  snprintf(machine->compiler, sizeof machine->compiler, "clang %d.%d", __clang_major__, __clang_minor__);
#else
  snprintf(machine->compiler, sizeof machine->compiler, "gcc %d.%d", __GNUC__, __GNUC_MINOR__);
#endif
  describe_flags(machine->flags, sizeof machine->flags);
}

int machine_is_same(const struct machine *a, const struct machine *b)
{
  return strcmp(a->processor, b->processor) == 0 && a->cores == b->cores;
}
