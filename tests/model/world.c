#include <inttypes.h>
#include <string.h>
#include "fixture.h"
#include "world.h"

void world_open(struct world *w, const struct trace *trace, struct verdict *verdict)
{
  qk_options options;
  memset(w, 0, sizeof *w);
  w->trace = trace;
  w->verdict = verdict;
  fixture_options(&options);
  options.tick_budget = trace->budget;
  options.create = trace->create;
  options.policy = &trace->defaults;
  options.cursor_ms = 0;
  options.on_event = events_take;
  options.event_arg = &w->events;
  w->store = fixture->open(&options);
  if (!w->store)
    verdict_add(verdict, "open", "the fixture cannot open a store");
  oracle_init(&w->oracle, &trace->defaults, trace->budget, trace->create);
  w->oracle.now_ms = fixture_now_ms;
  w->watch = watch_create(trace->classes == 1);
}

void world_close(struct world *w)
{
  qk_close(w->store);
  watch_destroy(w->watch);
  oracle_finish(&w->oracle);
  events_finish(&w->events);
}

void world_move_clock(struct world *w, int64_t ms)
{
  fixture_advance(ms);
  w->oracle.now_ms = fixture_now_ms;
}

static int lived_before(const struct world *w, uint64_t epoch)
{
  for (size_t i = 0; i < w->epoch_count; i++)
    if (w->epochs[i] == epoch)
      return 1;
  return 0;
}

void world_learn_epochs(struct world *w)
{
  for (uint32_t queue = 0; queue < w->trace->queues; queue++) {
    struct line *line = &w->oracle.lines[queue];
    qk_cursor cursor = {0};
    if (!line->exists || line->epoch)
      continue;
    compare_code(w->verdict, "qk_get_cursor", QK_OK, qk_get_cursor(w->store, names_queue(queue), &cursor));
    if (cursor.epoch == 0 || cursor.epoch >> 53 || lived_before(w, cursor.epoch))
      verdict_add(w->verdict, "epoch", "%" PRIu64 " is no new epoch below 2^53", cursor.epoch);
    line->epoch = cursor.epoch;
    if (w->epoch_count < WORLD_LIVES)
      w->epochs[w->epoch_count++] = cursor.epoch;
  }
}
