/* The rush in virtual time: each millisecond takes as long as its calls take. */
#include <stdlib.h>
#include "rush_run.h"

/* Calls that go together. */
struct round {
  size_t room, count;
  qk_op *ops;
  qk_ticket *tickets;
  char (*ids)[AUDIT_ID_SIZE];
  uint32_t *nodes;
};

static void round_finish(struct round *round)
{
  free(round->ops);
  free(round->tickets);
  free(round->ids);
  free(round->nodes);
}

static int round_init(struct round *round, size_t room)
{
  *round = (struct round){
      .room = room,
      .ops = calloc(room, sizeof *round->ops),
      .tickets = calloc(room, sizeof *round->tickets),
      .ids = calloc(room, sizeof *round->ids),
      .nodes = calloc(room, sizeof *round->nodes),
  };
  if (round->ops == NULL || round->tickets == NULL || round->ids == NULL || round->nodes == NULL) {
    round_finish(round);
    return -1;
  }
  return 0;
}

/* Take up to a round of what is due now. Returns how many. */
static size_t gather(struct rush *rush, struct round *round)
{
  uint32_t node;
  round->count = 0;
  while (round->count < round->room && (node = timers_take(&rush->timers)) != TIMERS_NONE) {
    qk_op *op = &round->ops[round->count];
    op->ticket = &round->tickets[round->count];
    if (!people_ask(&rush->people, node, rush->now_ms, rush->now_ms, op, round->ids[round->count]))
      continue;
    round->nodes[round->count++] = node;
  }
  return round->count;
}

/* Do what is due in this millisecond, and what the answers make due in it. */
static void play_moment(struct rush *rush, struct round *round)
{
  while (gather(rush, round) > 0) {
    if (round->count == 1)
      calls_single(&rush->calls, rush->store, &round->ops[0]);
    else
      calls_batch(&rush->calls, rush->store, round->ops, round->count);
    audit_after_call(&rush->audit);
    for (size_t i = 0; i < round->count; i++)
      people_answer(&rush->people, round->nodes[i], rush->now_ms, &round->ops[i]);
  }
}

static void tick(struct rush *rush)
{
  qk_tick_report report;
  qk_op op = {.size = sizeof op, .verb = QK_TICK, .queue = rush->options.queue, .report = &report};
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
  if (code != 0)
    return code;
  while (code == 0 && run_goes_on(rush, 0)) {
    people_arrive(&rush->people, rush->now_ms);
    play_moment(rush, &round);
    if (rush->now_ms >= rush->tick_ms)
      tick(rush);
    code = run_watch(rush);
    view_update(&rush->view, rush);
    rush->now_ms++;
    timers_advance(&rush->timers);
  }
  round_finish(&round);
  return code;
}
