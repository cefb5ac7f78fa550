/* What on_event was told, against what the oracle says has happened. */
#ifndef TESTS_MODEL_EVENTS_H
#define TESTS_MODEL_EVENTS_H

#include "compare.h"
#include "oracle.h"

struct event {
  int32_t type;
  uint32_t cls;
  uint64_t number, epoch;
  int64_t at_ms;
  int matched;
  char queue[65], user[NAMES_USER_SIZE];
};

struct events {
  struct event *seen;
  size_t count, room;
};

/* For qk_options.on_event; arg is a struct events. */
void events_take(void *arg, const qk_event *event);
/* Compare what was seen with what happened in the oracle since the last call: per person in order. Empties
 * both. */
void events_compare(struct events *events, struct oracle *oracle, struct verdict *verdict);
void events_finish(struct events *events);

#endif
