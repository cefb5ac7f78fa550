#include "rush_calls.h"
#include "rush_clock.h"

void calls_note(struct calls *calls, const qk_op *op, int64_t took_ns)
{
  struct verb_calls *verb = &calls->verbs[op->verb];
  verb->ops++;
  verb->failed += op->result != QK_OK;
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

void calls_single(struct calls *calls, qk_store *store, qk_op *op)
{
  int64_t start_ns = clock_now_ns();
  op->result = call(store, op);
  int64_t took_ns = clock_now_ns() - start_ns;
  calls_note(calls, op, took_ns);
  calls->verbs[op->verb].busy_ns += (uint64_t)took_ns;
}

void calls_batch(struct calls *calls, qk_store *store, qk_op *ops, size_t count)
{
  int64_t start_ns = clock_now_ns();
  int code = qk_batch(store, ops, count);
  int64_t took_ns = clock_now_ns() - start_ns;
  for (size_t i = 0; i < count; i++) {
    if (code != QK_OK)
      ops[i].result = code;
    calls_note(calls, &ops[i], took_ns);
    calls->verbs[ops[i].verb].busy_ns += (uint64_t)took_ns / count;
  }
}

const char *calls_verb_name(int verb)
{
  static const char *const names[] = {"", "enter", "poll", "activate", "extend", "release", "tick"};
  return names[verb];
}
