#include "rush_calls.h"
#include "rush_clock.h"

void calls_note(struct calls *calls, const qk_op *op, int64_t took_ns)
{
  struct verb_calls *verb = &calls->verbs[op->verb];
  verb->ops++;
  verb->failed += op->result != QK_OK;
  if (op->result != QK_ESTORE && op->result != QK_EUNKNOWN)
    calls->failing_ns = 0;
  else if (calls->failing_ns == 0)
    calls->failing_ns = clock_now_ns();
  hist_add(&verb->latency_ns, took_ns > 0 ? (uint64_t)took_ns : 0);
}

static int call(qk_store *store, qk_op *op)
{
  switch (op->verb) {
  case QK_ENTER:
    return qk_enter_class(store, op->queue, op->user, op->cls, op->ticket);
  case QK_POLL:
    return qk_poll(store, op->queue, op->user, op->ticket);
  case QK_ACTIVATE:
    return qk_activate(store, op->queue, op->user, op->ticket);
  case QK_EXTEND:
    return qk_extend(store, op->queue, op->user, op->ticket);
  case QK_RELEASE:
    return qk_release(store, op->queue, op->user, op->ticket);
  default:
    return qk_tick(store, op->queue, op->report);
  }
}

struct span calls_single(struct calls *calls, qk_store *store, qk_op *op)
{
  struct span span = {.began_ns = clock_now_ns()};
  op->result = call(store, op);
  span.ended_ns = clock_now_ns();
  calls_note(calls, op, span.ended_ns - span.began_ns);
  calls->verbs[op->verb].busy_ns += (uint64_t)(span.ended_ns - span.began_ns);
  return span;
}

struct span calls_batch(struct calls *calls, qk_store *store, qk_op *ops, size_t count)
{
  struct span span = {.began_ns = clock_now_ns()};
  int code = qk_batch(store, ops, count);
  span.ended_ns = clock_now_ns();
  int64_t took_ns = span.ended_ns - span.began_ns;
  for (size_t i = 0; i < count; i++) {
    if (code != QK_OK)
      ops[i].result = code;
    calls_note(calls, &ops[i], took_ns);
    calls->verbs[ops[i].verb].busy_ns += (uint64_t)took_ns / count;
  }
  return span;
}

void calls_add(struct calls *calls, const struct calls *other)
{
  for (int verb = QK_ENTER; verb <= QK_TICK; verb++) {
    struct verb_calls *sum = &calls->verbs[verb];
    sum->ops += other->verbs[verb].ops;
    sum->failed += other->verbs[verb].failed;
    sum->busy_ns += other->verbs[verb].busy_ns;
    hist_add_all(&sum->latency_ns, &other->verbs[verb].latency_ns);
  }
}

const char *calls_verb_name(int verb)
{
  static const char *const names[] = {"", "enter", "poll", "activate", "extend", "release", "tick"};
  return names[verb];
}
