#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "events.h"

void events_take(void *arg, const qk_event *event)
{
  struct events *events = arg;
  if (events->count == events->room) {
    events->room = events->room ? events->room * 2 : 64;
    events->seen = realloc(events->seen, events->room * sizeof *events->seen);
    if (!events->seen)
      abort();
  }
  struct event *seen = &events->seen[events->count++];
  *seen = (struct event){.type = event->type,
                         .cls = event->cls,
                         .number = event->number,
                         .epoch = event->epoch,
                         .at_ms = event->at_ms};
  snprintf(seen->queue, sizeof seen->queue, "%s", event->queue);
  snprintf(seen->user, sizeof seen->user, "%s", event->user);
}

/* The next event of that entry that was not matched yet. *from: everything before it is matched. */
static struct event *next_of(struct events *events, size_t *from, const char *queue, uint64_t number)
{
  while (*from < events->count && events->seen[*from].matched)
    ++*from;
  for (size_t i = *from; i < events->count; i++) {
    struct event *seen = &events->seen[i];
    if (!seen->matched && seen->number == number && strcmp(seen->queue, queue) == 0)
      return seen;
  }
  return NULL;
}

static void compare_event(struct verdict *v, const struct oracle *oracle, const struct happening *want,
                          const struct event *got)
{
  char user[NAMES_USER_SIZE];
  names_user(want->user, user);
  compare_number(v, "event.type", want->type, got->type);
  compare_number(v, "event.cls", want->cls, got->cls);
  compare_number(v, "event.epoch", (int64_t)oracle->lines[want->queue].epoch, (int64_t)got->epoch);
  compare_number(v, "event.at_ms", oracle->now_ms, got->at_ms);
  compare_text(v, "event.user", user, got->user);
}

void events_compare(struct events *events, struct oracle *oracle, struct verdict *v)
{
  size_t from = 0;
  for (size_t i = 0; i < oracle->event_count; i++) {
    const struct happening *want = &oracle->events[i];
    struct event *got = next_of(events, &from, names_queue(want->queue), want->number);
    if (!got) {
      verdict_add(v, "event missing", "type %" PRId32 " of number %" PRIu64, want->type, want->number);
      continue;
    }
    got->matched = 1;
    compare_event(v, oracle, want, got);
  }
  for (size_t i = 0; i < events->count; i++)
    if (!events->seen[i].matched)
      verdict_add(v, "event too many", "type %" PRId32 " of number %" PRIu64, events->seen[i].type,
                  events->seen[i].number);
  events->count = 0;
  oracle->event_count = 0;
}

void events_finish(struct events *events)
{
  free(events->seen);
}
