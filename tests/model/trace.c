#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "hostile.h"
#include "oracle.h"
#include "trace.h"

#define RECENT 4

struct maker {
  uint64_t state;
  struct trace *trace;
  qk_policy last[NAMES_QUEUES]; /* what each queue was told last: the next one differs in a few fields */
  uint32_t recent[RECENT];      /* people who entered lately: whoever acts is mostly one of them */
  uint32_t pace_ms, batches, crowd, entered;
  uint32_t grain_ms; /* all times are multiples of this: with a coarse one they meet */
};

/* splitmix64: Steele, Lea, Flood 2014. */
static uint64_t draw(struct maker *m)
{
  uint64_t z = (m->state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static uint32_t below(struct maker *m, uint32_t n)
{
  return (uint32_t)(draw(m) % n);
}

static uint32_t between(struct maker *m, uint32_t low, uint32_t high)
{
  return low + below(m, high - low + 1);
}

static int one_in(struct maker *m, uint32_t n)
{
  return below(m, n) == 0;
}

static uint32_t one_of(struct maker *m, const uint32_t *values, uint32_t n)
{
  return values[below(m, n)];
}

#define ONE_OF(m, ...)                                                                                       \
  one_of(m, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* Return an index with the chance weights[i] in the sum of them. */
static uint32_t weighted(struct maker *m, const uint32_t *weights, uint32_t n)
{
  uint32_t sum = 0, i = 0;
  for (uint32_t k = 0; k < n; k++)
    sum += weights[k];
  for (uint32_t at = below(m, sum); at >= weights[i]; i++)
    at -= weights[i];
  return i;
}

/* ---- Policies ---------------------------------------------------------------------------------- */

static uint32_t grained(const struct maker *m, uint32_t ms)
{
  return (ms + m->grain_ms - 1) / m->grain_ms * m->grain_ms;
}

static uint32_t some_span(struct maker *m)
{
  switch (below(m, 8)) {
  case 0:
    return grained(m, between(m, 1, 20));
  case 1:
  case 2:
    return grained(m, between(m, 1, 4000));
  default:
    return grained(m, between(m, 4000, 120000));
  }
}

static uint32_t some_mode(struct maker *m)
{
  return one_in(m, 2) ? QK_MODE_OPEN : below(m, QK_MODE_BYPASS + 1);
}

static void vary_limits(struct maker *m, qk_policy *policy, uint32_t chance)
{
  int rush = m->trace->rush != 0;
  if (one_in(m, chance))
    policy->max_active = rush ? ONE_OF(m, 0, 10, 100, 1000, 4000) : ONE_OF(m, 0, 1, 1, 2, 3, 5, 8, 1000);
  if (one_in(m, chance))
    policy->max_waiting = rush ? ONE_OF(m, 0, 0, 0, 1500) : ONE_OF(m, 0, 0, 0, 1, 2, 4, 8);
  if (one_in(m, chance))
    policy->rate = rush ? ONE_OF(m, 0, 0, 5, 100, 700) : ONE_OF(m, 0, 0, 1, 1, 2, 3, 5);
  if (one_in(m, chance))
    policy->rate_window_ms =
        one_in(m, 3) ? ONE_OF(m, 1, 49, 50, 51, 100, 101, 1000, 86400000) : between(m, 1, 2000);
}

static void vary_policy(struct maker *m, qk_policy *policy, uint32_t chance)
{
  vary_limits(m, policy, chance);
  if (one_in(m, chance))
    policy->ready_ms = some_span(m);
  if (one_in(m, chance))
    policy->active_ms = some_span(m);
  if (one_in(m, chance))
    policy->max_extends = below(m, 4);
  if (one_in(m, chance))
    policy->idle_ms = one_in(m, 3) ? 0 : grained(m, between(m, 3000, one_in(m, 2) ? 6000 : 60000));
  if (one_in(m, chance))
    policy->eager = below(m, 2);
  if (one_in(m, chance))
    policy->clock_step_ms = m->grain_ms > 1 || one_in(m, 2) ? 0 : one_in(m, 3) ? 60000 : between(m, 1, 8000);
  policy->mode = some_mode(m);
}

/* ---- Operations -------------------------------------------------------------------------------- */

static uint32_t some_queue(struct maker *m)
{
  return below(m, m->trace->queues);
}

static uint32_t some_user(struct maker *m)
{
  if (one_in(m, 2))
    return m->recent[below(m, RECENT)];
  if (m->crowd && one_in(m, 2))
    return TRACE_CROWD + below(m, m->crowd);
  return below(m, m->trace->users);
}

static void make_verb(struct maker *m, struct op *op, int32_t verb)
{
  op->kind = OP_VERB;
  op->verb = verb;
  op->queue = some_queue(m);
  op->user = some_user(m);
  if (verb == QK_ENTER) {
    op->cls = below(m, m->trace->classes);
    m->recent[m->entered++ % RECENT] = op->user;
  } else if (one_in(m, 4))
    op->slot = between(m, 1, TRACE_SLOTS);
  if (one_in(m, 3))
    op->keep = between(m, 1, TRACE_SLOTS);
  else
    op->quiet = one_in(m, 12) ? 1 : 0;
}

static void make_clock(struct maker *m, struct op *op)
{
  op->kind = OP_CLOCK;
  if (m->grain_ms == 1 && one_in(m, 6)) {
    op->kind = OP_NEXT;
    op->ms = (int64_t)below(m, 3) - 1;
  } else if (one_in(m, 8))
    op->ms = grained(m, ONE_OF(m, 1, 49, 50, 1000, 3000, 60000));
  else
    op->ms = grained(m, below(m, m->pace_ms) + 1);
}

static void make_list(struct maker *m, struct op *op)
{
  op->kind = OP_LIST;
  op->queue = some_queue(m);
  op->cls = one_in(m, 2) ? 0 : below(m, 8);
  op->after = one_in(m, 8) ? UINT64_MAX : one_in(m, 2) ? 0 : below(m, 100);
  op->count = one_in(m, 8) ? between(m, 1000, 1200) : between(m, 1, 12);
}

static void make_normal(struct maker *m, struct op *op)
{
  static const uint32_t weights[] = {0,  24, 12, 14, 7,
                                     10, 12, 3,  16, 2}; /* by verb; tick, tick all, clock, list */
  uint32_t choice = weighted(m, weights, 10);
  if (choice <= QK_RELEASE)
    make_verb(m, op, (int32_t)choice);
  else if (choice == QK_RELEASE + 1 || choice == QK_RELEASE + 2) {
    op->kind = OP_TICK;
    op->queue = choice == QK_RELEASE + 1 ? some_queue(m) : ORACLE_ALL;
  } else if (choice == QK_RELEASE + 3)
    make_clock(m, op);
  else
    make_list(m, op);
}

static void make_crowd(struct maker *m, struct op *op)
{
  op->kind = OP_CROWD;
  op->verb = one_in(m, 2) ? QK_ENTER : (int32_t)between(m, QK_POLL, QK_RELEASE);
  op->queue = some_queue(m);
  op->cls = one_in(m, 2) ? 0 : below(m, m->trace->classes);
  op->count = m->trace->rush ? between(m, 100, 5000) : between(m, 2, 30);
  op->user = TRACE_CROWD + (m->trace->rush ? below(m, 4) * 1000 : 0);
  op->stride = op->verb == QK_ENTER ? 1 : between(m, 1, 4);
  op->user += below(m, op->stride);
  if (op->user - TRACE_CROWD + op->count > m->crowd)
    m->crowd = op->user - TRACE_CROWD + op->count;
}

static void make_policy(struct maker *m, struct op *op)
{
  op->kind = OP_POLICY;
  op->queue = some_queue(m);
  vary_policy(m, &m->last[op->queue], 4);
  op->policy = m->last[op->queue];
}

static void make_odd(struct maker *m, struct op *op)
{
  const uint32_t weights[] = {34, 18, 3, 18, 5, 14, 3, m->trace->rush ? 25 : 5};
  switch (weighted(m, weights, 8)) {
  case 0:
    make_policy(m, op);
    break;
  case 1:
    *op = (struct op){.kind = OP_MODE, .queue = some_queue(m)};
    op->count = some_mode(m);
    break;
  case 2:
    *op = (struct op){.kind = OP_REMOVE, .queue = some_queue(m)};
    break;
  case 3:
    *op = (struct op){.kind = OP_CLOCK};
    op->ms = -(int64_t)grained(m, one_in(m, 4) ? ONE_OF(m, 999, 1000, 1001) : between(m, 1, 5000));
    break;
  case 4:
    *op = (struct op){.kind = OP_CLOCK, .ms = INT64_C(86400000)};
    break;
  case 5:
    *op = (struct op){.kind = OP_VERIFY, .slot = between(m, 1, TRACE_SLOTS)};
    break;
  case 6:
    op->kind = OP_QUEUES;
    break;
  default:
    make_crowd(m, op);
  }
}

/* One person's way in and out, with time passing and a step missing here and there. Returns how many
 * operations. */
static size_t make_story(struct maker *m, struct op *ops, size_t room)
{
  static const int32_t steps[] = {QK_ENTER, QK_TICK, QK_POLL, QK_ACTIVATE, QK_EXTEND, QK_EXTEND, QK_RELEASE};
  uint32_t queue = some_queue(m), user = some_user(m);
  size_t count = 0;
  for (size_t i = 0; i < sizeof steps / sizeof *steps && count + 2 <= room; i++) {
    if (one_in(m, 6))
      continue;
    if (one_in(m, 3))
      make_clock(m, &ops[count++]);
    if (steps[i] == QK_TICK)
      ops[count] = (struct op){.kind = OP_TICK};
    else
      make_verb(m, &ops[count], steps[i]);
    ops[count].queue = queue;
    ops[count].slot = 0;
    ops[count++].user = user;
  }
  return count;
}

/* A batch of verbs and ticks; now and then all on the same person. Returns how many. */
static size_t make_batch(struct maker *m, struct op *ops, size_t room)
{
  size_t count = between(m, 2, 12);
  int alone = one_in(m, 4);
  m->batches += one_in(m, 3) ? 1 : 2;
  if (count > room)
    count = room;
  for (size_t i = 0; i < count; i++) {
    if (one_in(m, 8))
      ops[i] = (struct op){.kind = OP_TICK, .queue = one_in(m, 3) ? ORACLE_ALL : some_queue(m)};
    else
      make_verb(m, &ops[i], (int32_t)between(m, QK_ENTER, QK_RELEASE));
    if (alone && ops[i].kind == OP_VERB) {
      ops[i].user = ops[0].user;
      ops[i].queue = ops[0].queue % m->trace->queues;
    }
    ops[i].batch = m->batches;
  }
  return count;
}

static void make_hostile(struct maker *m, struct op *op)
{
  op->kind = OP_HOSTILE;
  op->count = below(m, HOSTILE_KINDS);
  op->queue = some_queue(m);
  op->user = some_user(m);
  op->slot = between(m, 1, TRACE_SLOTS);
  op->after = draw(m);
}

static void make_settings(struct maker *m, struct trace *trace)
{
  trace->rush = one_in(m, 16) ? 1 : 0;
  trace->queues = trace->rush ? between(m, 1, 2) : between(m, 1, 4);
  trace->users = between(m, 2, one_in(m, 3) ? 24 : 8);
  trace->classes = ONE_OF(m, 1, 1, 2, 3, 8);
  trace->budget = one_in(m, 2) ? 0 : trace->rush ? ONE_OF(m, 7, 400, 1000, 1001) : ONE_OF(m, 1, 2, 3, 5);
  trace->create = one_in(m, 6) ? 0 : 1;
  m->grain_ms = ONE_OF(m, 1, 1, 500, 1000);
  qk_policy_init(&trace->defaults);
  trace->defaults.clock_step_ms = m->grain_ms > 1 || one_in(m, 2) ? 0 : 60000;
  vary_policy(m, &trace->defaults, 2);
  for (uint32_t q = 0; q < NAMES_QUEUES; q++)
    m->last[q] = trace->defaults;
  m->pace_ms = ONE_OF(m, 5, 60, 700, 2500, 20000);
}

void trace_create(struct trace *trace, uint64_t seed, size_t count)
{
  struct maker m = {.state = seed, .trace = trace};
  memset(trace, 0, sizeof *trace);
  trace->seed = seed;
  trace->ops = calloc(count, sizeof *trace->ops);
  if (!trace->ops)
    abort();
  make_settings(&m, trace);
  while (trace->count < count) {
    struct op *op = &trace->ops[trace->count];
    uint32_t kind = below(&m, 90); /* by operations 80 % normal, 15 % odd, 5 % hostile: the first three */
    size_t made = 1;
    if (kind < 60)
      make_normal(&m, op);
    else if (kind < 64)
      made = make_story(&m, op, count - trace->count);
    else if (kind < 66)
      made = make_batch(&m, op, count - trace->count);
    else if (kind < 84)
      make_odd(&m, op);
    else
      make_hostile(&m, op);
    trace->count += made;
  }
}

void trace_destroy(struct trace *trace)
{
  free(trace->ops);
}

/* ---- Print ------------------------------------------------------------------------------------- */

static const char *const verbs[] = {"", "enter", "poll", "activate", "extend", "release"};

static void print_policy(FILE *out, const qk_policy *p)
{
  fprintf(out,
          "%s, max_active %" PRIu64 ", max_waiting %" PRIu64 ", rate %" PRIu64 " per %" PRIu32
          " ms, ready %" PRIu32 ", active %" PRIu32 ", max_extends %" PRIu32 ", idle %" PRIu32
          ", eager %" PRIu32 ", clock_step %" PRIu32,
          qk_mode_name(p->mode), p->max_active, p->max_waiting, p->rate, p->rate_window_ms, p->ready_ms,
          p->active_ms, p->max_extends, p->idle_ms, p->eager, p->clock_step_ms);
}

static void print_verb(FILE *out, const struct op *op)
{
  fprintf(out, "%s ", verbs[op->verb]);
  if (op->slot)
    fprintf(out, "by token %" PRIu32, op->slot);
  else
    fprintf(out, "q%" PRIu32 " u%" PRIu32, op->queue, op->user);
  if (op->verb == QK_ENTER)
    fprintf(out, " class %" PRIu32, op->cls);
  if (op->keep)
    fprintf(out, ", keep token %" PRIu32, op->keep);
  if (op->quiet)
    fprintf(out, ", no ticket");
}

static void print_rest(FILE *out, const struct op *op)
{
  switch (op->kind) {
  case OP_MODE:
    fprintf(out, "set_mode q%" PRIu32 " %s", op->queue, qk_mode_name(op->count));
    break;
  case OP_REMOVE:
    fprintf(out, "remove q%" PRIu32, op->queue);
    break;
  case OP_LIST:
    fprintf(out, "list q%" PRIu32 " %" PRIu32 " from class %" PRIu32 " after %" PRIu64, op->queue, op->count,
            op->cls, op->after);
    break;
  case OP_VERIFY:
    fprintf(out, "verify token %" PRIu32, op->slot);
    break;
  case OP_QUEUES:
    fprintf(out, "each_queue");
    break;
  default:
    fprintf(out, "hostile: %s, q%" PRIu32 " u%" PRIu32 " token %" PRIu32 " (%" PRIu64 ")",
            hostile_name(op->count), op->queue, op->user, op->slot, op->after);
  }
}

void trace_print_op(FILE *out, const struct op *op)
{
  if (op->batch)
    fprintf(out, "[%s %" PRIu32 "] ", op->batch % 2 ? "submit" : "batch", op->batch);
  if (op->kind == OP_VERB)
    print_verb(out, op);
  else if (op->kind == OP_TICK && op->queue == ORACLE_ALL)
    fprintf(out, "tick all");
  else if (op->kind == OP_TICK)
    fprintf(out, "tick q%" PRIu32, op->queue);
  else if (op->kind == OP_CROWD)
    fprintf(out,
            "crowd %s q%" PRIu32 " class %" PRIu32 ": %" PRIu32 " people, each %" PRIu32 ". from u%" PRIu32,
            verbs[op->verb], op->queue, op->cls, op->count, op->stride, op->user);
  else if (op->kind == OP_CLOCK)
    fprintf(out, "clock %+" PRId64, op->ms);
  else if (op->kind == OP_NEXT)
    fprintf(out, "clock +next_ms %+" PRId64, op->ms);
  else if (op->kind == OP_POLICY) {
    fprintf(out, "set_policy q%" PRIu32 " ", op->queue);
    print_policy(out, &op->policy);
  } else
    print_rest(out, op);
  fprintf(out, "\n");
}

void trace_print(FILE *out, const struct trace *trace)
{
  fprintf(out, "  options: tick_budget %" PRIu32 ", create %" PRIu32 "\n  default policy: ", trace->budget,
          trace->create);
  print_policy(out, &trace->defaults);
  fprintf(out, "\n");
  for (size_t i = 0; i < trace->count; i++) {
    fprintf(out, "  %4zu  ", i);
    trace_print_op(out, &trace->ops[i]);
  }
}
