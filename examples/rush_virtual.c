/* The rush in virtual time: each step takes as long as its calls take. */
#include <stdlib.h>
#include "rush_run.h"

/* Calls that go together. */
struct round {
  size_t room, count;
  qk_op *ops;
  qk_ticket *tickets;
  char (*ids)[AUDIT_ID_SIZE];
  uint32_t *nodes; /* of the calls */
  uint32_t *due;   /* from which they are made */
};

static void round_finish(struct round *round)
{
  free(round->ops);
  free(round->tickets);
  free(round->ids);
  free(round->nodes);
  free(round->due);
}

static int round_init(struct round *round, size_t room)
{
  *round = (struct round){
      .room = room,
      .ops = calloc(room, sizeof *round->ops),
      .tickets = calloc(room, sizeof *round->tickets),
      .ids = calloc(room, sizeof *round->ids),
      .nodes = calloc(room, sizeof *round->nodes),
      .due = calloc(room, sizeof *round->due),
  };
  int whole = round->ops != NULL && round->tickets != NULL && round->ids != NULL;
  return whole && round->nodes != NULL && round->due != NULL ? 0 : -1;
}

static void add(struct rush *rush, struct round *round, uint32_t node)
{
  size_t i = round->count;
  int64_t now_ms = rush->now_ms;
  round->ops[i].ticket = &round->tickets[i];
  if (people_ask(&rush->people, node, now_ms, now_ms, &round->ops[i], round->ids[i]))
    round->nodes[round->count++] = node;
}

/* Take up to a round of what is due now, one verb after the other: runs of one verb cost a store less.
 * Returns whether there was anything. */
static int gather(struct rush *rush, struct round *round)
{
  uint32_t node;
  size_t due = 0;
  while (due < round->room && (node = run_next_due(rush)) != TIMERS_NONE)
    round->due[due++] = node;
  round->count = 0;
  for (int verb = QK_ENTER; verb <= QK_RELEASE && round->count < due; verb++) {
    for (size_t i = 0; i < due; i++) {
      if (people_verb(&rush->people, round->due[i]) == verb)
        add(rush, round, round->due[i]);
    }
  }
  return due > 0;
}

static void call(struct rush *rush, struct round *round)
{
  struct span span = round->count == 1 ? calls_single(&rush->calls, rush->store, &round->ops[0])
                                       : calls_batch(&rush->calls, rush->store, round->ops, round->count);
  audit_after_call(&rush->audit);
  for (size_t i = 0; i < round->count; i++)
    people_answer(&rush->people, round->nodes[i], rush->now_ms, &round->ops[i], &span);
}

/* Do what is due by this moment, and what the answers make due by then. */
static void play_moment(struct rush *rush, struct round *round)
{
  while (gather(rush, round)) {
    if (round->count > 0)
      call(rush, round);
  }
}

static void tick(struct rush *rush)
{
  qk_tick_report report;
  qk_op op = {.size = sizeof op, .verb = QK_TICK, .queue = run_tick_queue(rush), .report = &report};
  do {
    calls_single(&rush->calls, rush->store, &op);
    audit_after_call(&rush->audit);
    run_after_tick(rush, op.result, 1);
  } while (op.result == QK_OK && report.more);
  rush->tick_ms += (int64_t)rush->options.tick_ms;
}

int virtual_play(struct rush *rush)
{
  struct round round;
  int code = round_init(&round, (size_t)rush->options.batch);
  while (code == 0 && run_goes_on(rush, 0)) {
    play_moment(rush, &round);
    if (rush->now_ms >= rush->tick_ms)
      tick(rush);
    code = run_watch(rush);
    view_update(&rush->view, rush);
    rush->now_ms += (int64_t)rush->options.step_ms;
  }
  round_finish(&round);
  return code == 0 ? 0 : run_trouble("playing", QK_ENOMEM, NULL);
}
