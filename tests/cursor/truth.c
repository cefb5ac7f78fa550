#include "truth.h"

#include <stdlib.h>

static struct truth *create(struct history *history, uint64_t epoch)
{
  struct truth *truth = calloc(1, sizeof *truth);
  if (!truth)
    abort();
  truth->epoch = epoch;
  truth->older = history->newest;
  history->newest = truth;
  return truth;
}

static struct truth_entry *entry_at(struct truth *truth, uint64_t number)
{
  while (number >= truth->room) {
    size_t room = truth->room ? truth->room * 2 : 4096;
    struct truth_entry *entries = realloc(truth->entries, room * sizeof *entries);
    if (!entries)
      abort();
    for (size_t i = truth->room; i < room; i++)
      entries[i] = (struct truth_entry){.ended = TRUTH_NEVER};
    truth->entries = entries;
    truth->room = room;
  }
  return &truth->entries[number];
}

struct truth *truth_find(const struct history *history, uint64_t epoch)
{
  struct truth *truth = history->newest;
  while (truth && truth->epoch != epoch)
    truth = truth->older;
  return truth;
}

static void end(struct truth *truth, struct truth_entry *entry, int how)
{
  truth->version++;
  if (entry->ended != TRUTH_NEVER)
    return;
  entry->ended = truth->version;
  entry->end = how;
}

void truth_take(void *arg, const qk_event *event)
{
  struct history *history = arg;
  struct truth *truth = truth_find(history, event->epoch);
  if (!truth)
    truth = create(history, event->epoch);
  struct truth_entry *entry = entry_at(truth, event->number);
  switch (event->type) {
  case QK_EVENT_ENTERED:
    entry->entered = ++truth->version;
    entry->cls = event->cls;
    if (event->number > truth->last)
      truth->last = event->number;
    break;
  case QK_EVENT_ADMITTED:
    end(truth, entry, TRUTH_ADMITTED);
    break;
  case QK_EVENT_LEFT:
    end(truth, entry, TRUTH_LEFT);
    break;
  case QK_EVENT_DROPPED:
    end(truth, entry, TRUTH_DROPPED);
    break;
  default:
    break;
  }
}

void truth_finish(struct history *history)
{
  while (history->newest) {
    struct truth *truth = history->newest;
    history->newest = truth->older;
    free(truth->entries);
    free(truth);
  }
}

uint64_t truth_version(const qk_stats *stats)
{
  return stats->entered + stats->admitted + stats->left + stats->dropped;
}

int truth_state(const struct truth *truth, uint64_t number, uint64_t version)
{
  const struct truth_entry *entry = &truth->entries[number];
  return entry->ended <= version ? entry->end : TRUTH_WAITING;
}

static int waits(const struct truth_entry *entry, uint64_t version)
{
  return entry->entered > 0 && entry->entered <= version && entry->ended > version;
}

uint64_t truth_position(const struct truth *truth, uint64_t number, uint64_t version)
{
  uint32_t cls = truth->entries[number].cls;
  uint64_t ahead = 0;
  for (uint64_t other = 1; other <= truth->last; other++) {
    const struct truth_entry *entry = &truth->entries[other];
    if (waits(entry, version) && (entry->cls < cls || (entry->cls == cls && other < number)))
      ahead++;
  }
  return ahead + 1;
}

uint64_t truth_entered_below(const struct truth *truth, uint32_t cls, uint64_t after, uint64_t until)
{
  uint64_t count = 0;
  for (uint64_t number = 1; number <= truth->last; number++) {
    const struct truth_entry *entry = &truth->entries[number];
    count += entry->cls < cls && entry->entered > after && entry->entered <= until;
  }
  return count;
}

int truth_was_passed(const struct truth *truth, uint32_t cls, uint64_t version)
{
  uint64_t head = 0;
  for (uint64_t number = 1; number <= truth->last; number++) {
    const struct truth_entry *entry = &truth->entries[number];
    if (entry->cls != cls)
      continue;
    if (head == 0 && waits(entry, version))
      head = number;
    if (head > 0 && entry->end == TRUTH_ADMITTED && entry->ended <= version)
      return 1;
  }
  return 0;
}
