#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "crowd.h"
#include "machine.h"

struct member {
  const struct crowd *crowd;
  uint32_t index;
  int failed;
  pthread_t thread;
  struct latency latency;
};

static void *call_until_the_end(void *arg)
{
  struct member *member = arg;
  const struct crowd *crowd = member->crowd;
  machine_sleep_until(crowd->start_ns);
  int64_t before = machine_now_ns();
  for (uint32_t turn = 0; before < crowd->end_ns && !member->failed; turn++) {
    member->failed = crowd->call(crowd->arg, member->index, turn) != 0;
    int64_t after = machine_now_ns();
    if (after < crowd->end_ns)
      latency_add(&member->latency, (uint64_t)(after - before));
    before = after;
  }
  return NULL;
}

/* Returns how many could be started. */
static uint32_t start_all(const struct crowd *crowd, struct member *members)
{
  uint32_t started = 0;
  for (; started < crowd->threads; started++) {
    struct member *member = &members[started];
    member->crowd = crowd;
    member->index = started;
    if (pthread_create(&member->thread, NULL, call_until_the_end, member) != 0)
      break;
  }
  return started;
}

int crowd_run(const struct crowd *crowd, struct crowd_result *result)
{
  struct member *members = calloc(crowd->threads, sizeof *members);
  if (!members)
    return -1;
  uint32_t started = start_all(crowd, members);
  int failed = started < crowd->threads || machine_now_ns() > crowd->start_ns;
  if (failed)
    fprintf(stderr, "bench: %u of %u threads, or too late\n", started, crowd->threads);
  *result = (struct crowd_result){0};
  for (uint32_t i = 0; i < started; i++) {
    failed |= pthread_join(members[i].thread, NULL) != 0 || members[i].failed;
    latency_merge(&result->latency, &members[i].latency);
  }
  result->per_second = (double)result->latency.count * 1e9 / (double)(crowd->end_ns - crowd->start_ns);
  free(members);
  return failed ? -1 : 0;
}
