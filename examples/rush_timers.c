#include <stdlib.h>
#include "rush_timers.h"

/* 65 s: what is due later, which is rare, goes round once more. */
#define CALENDAR_MS 65536

int timers_init(struct timers *timers, size_t nodes)
{
  *timers = (struct timers){
      .first = malloc(CALENDAR_MS * sizeof *timers->first),
      .last = malloc(CALENDAR_MS * sizeof *timers->last),
      .next = calloc(nodes, sizeof *timers->next),
      .due_ms = calloc(nodes, sizeof *timers->due_ms),
  };
  if (timers->first == NULL || timers->last == NULL || timers->next == NULL || timers->due_ms == NULL) {
    timers_finish(timers);
    return -1;
  }
  for (size_t i = 0; i < CALENDAR_MS; i++)
    timers->first[i] = TIMERS_NONE;
  return 0;
}

void timers_finish(struct timers *timers)
{
  free(timers->first);
  free(timers->last);
  free(timers->next);
  free(timers->due_ms);
  *timers = (struct timers){0};
}

static void append(struct timers *timers, uint32_t node, int64_t ms)
{
  size_t day = (size_t)(ms % CALENDAR_MS);
  timers->next[node] = TIMERS_NONE;
  if (timers->first[day] == TIMERS_NONE)
    timers->first[day] = node;
  else
    timers->next[timers->last[day]] = node;
  timers->last[day] = node;
}

void timers_add(struct timers *timers, uint32_t node, int64_t due_ms)
{
  int64_t latest = timers->now_ms + CALENDAR_MS - 1;
  if (due_ms < timers->now_ms)
    due_ms = timers->now_ms;
  timers->due_ms[node] = due_ms;
  append(timers, node, due_ms < latest ? due_ms : latest);
  timers->count++;
}

uint32_t timers_take(struct timers *timers)
{
  size_t day = (size_t)(timers->now_ms % CALENDAR_MS);
  uint32_t node;
  while ((node = timers->first[day]) != TIMERS_NONE) {
    timers->first[day] = timers->next[node];
    timers->count--;
    if (timers->due_ms[node] <= timers->now_ms)
      return node;
    timers_add(timers, node, timers->due_ms[node]);
  }
  return TIMERS_NONE;
}

int64_t timers_next(const struct timers *timers, int64_t limit_ms)
{
  int64_t ms = timers->now_ms;
  while (ms < limit_ms && timers->first[ms % CALENDAR_MS] == TIMERS_NONE)
    ms++;
  return ms;
}

void timers_advance(struct timers *timers)
{
  timers->now_ms++;
}
