#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "isolate.h"
#include "shrink.h"

#define TRIAL_S 20 /* a trial that takes longer hangs */

struct shrinker {
  struct trace *trace;     /* the smallest that failed */
  struct trace trial;      /* the one to try, with room for as many operations */
  struct verdict *verdict; /* of trace */
  struct verdict *tried;   /* of trial */
  time_t until;            /* by the monotonic clock, seconds */
};

static void copy_trace(struct trace *to, const struct trace *from)
{
  struct op *ops = to->ops;
  memcpy(ops, from->ops, from->count * sizeof *ops);
  *to = *from;
  to->ops = ops;
}

static time_t seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

/* Run the trial; if it fails in the same way it replaces the trace. */
static int fails_as_well(struct shrinker *s)
{
  if (seconds() >= s->until)
    return 0;
  isolate_run(&s->trial, s->tried, TRIAL_S, 1);
  if (!s->tried->failed || strcmp(s->tried->what, s->verdict->what) != 0)
    return 0;
  copy_trace(s->trace, &s->trial);
  *s->verdict = *s->tried;
  return 1;
}

/* Nothing after the failing operation matters, unless it was a batch. */
static void cut_end(struct shrinker *s)
{
  size_t count = s->trace->count;
  for (size_t end = s->verdict->op + 1; end < count; end += 16) {
    copy_trace(&s->trial, s->trace);
    s->trial.count = end;
    if (fails_as_well(s))
      return;
  }
}

static int fails_without(struct shrinker *s, size_t at, size_t end)
{
  copy_trace(&s->trial, s->trace);
  memmove(s->trial.ops + at, s->trial.ops + end, (s->trial.count - end) * sizeof *s->trial.ops);
  s->trial.count -= end - at;
  return fails_as_well(s);
}

/* Delta debugging (Zeller, Hildebrandt 2002), complements only: take out ever smaller chunks. */
static void take_out(struct shrinker *s)
{
  for (size_t chunk = s->trace->count / 2; chunk > 0; chunk /= 2) {
    int taken;
    do {
      taken = 0;
      for (size_t at = 0; at < s->trace->count;) {
        size_t end = at + chunk < s->trace->count ? at + chunk : s->trace->count;
        if (fails_without(s, at, end))
          taken = 1;
        else
          at = end;
      }
    } while (taken && chunk == 1);
  }
}

#define OP_WAYS 6
#define POLICY_WAYS 11

/* Make one operation simpler in the way-th way, if it applies. */
static void simplify_op(struct op *op, int way)
{
  if (way == 0)
    op->batch = 0;
  else if (way == 1)
    op->keep = 0;
  else if (way == 2)
    op->quiet = 0;
  else if (way == 3 && op->kind != OP_LIST)
    op->cls = 0;
  else if (way == 4 && op->kind == OP_CLOCK)
    op->ms /= 2;
  else if (way == 5 && op->kind == OP_CROWD)
    op->count = (op->count + 1) / 2;
}

/* Set one field of a policy to what gets least in the way. */
static void simplify_policy(qk_policy *p, int way)
{
  qk_policy plain;
  qk_policy_init(&plain);
  uint32_t *const small[] = {&p->mode,        &p->rate_window_ms, &p->ready_ms, &p->active_ms,
                             &p->max_extends, &p->idle_ms,        &p->eager,    &p->clock_step_ms};
  const uint32_t values[] = {
      plain.mode, plain.rate_window_ms, plain.ready_ms, plain.active_ms, plain.max_extends, 0, 0, 0};
  if (way < 8)
    *small[way] = values[way];
  else if (way == 8)
    p->max_active = plain.max_active;
  else if (way == 9)
    p->max_waiting = 0;
  else
    p->rate = 0;
}

/* Try each way to make operation at simpler, or the default policy if at is the count of operations. */
static void simplify(struct shrinker *s, size_t at)
{
  int settings = at == s->trace->count;
  int ways = settings || s->trace->ops[at].kind == OP_POLICY ? POLICY_WAYS : OP_WAYS;
  for (int way = 0; way < ways; way++)
    do {
      copy_trace(&s->trial, s->trace);
      if (ways == OP_WAYS)
        simplify_op(&s->trial.ops[at], way);
      else
        simplify_policy(settings ? &s->trial.defaults : &s->trial.ops[at].policy, way);
      if (memcmp(&s->trial.defaults, &s->trace->defaults, sizeof s->trial.defaults) == 0 &&
          memcmp(s->trial.ops, s->trace->ops, s->trace->count * sizeof *s->trace->ops) == 0)
        break;
    } while (fails_as_well(s));
}

void shrink(struct trace *trace, struct verdict *verdict, unsigned limit_s)
{
  struct shrinker s = {.trace = trace, .verdict = verdict, .tried = isolate_create()};
  s.until = seconds() + (time_t)limit_s;
  s.trial.ops = malloc(trace->count * sizeof *trace->ops);
  if (!s.trial.ops)
    abort();
  cut_end(&s);
  take_out(&s);
  for (size_t at = 0; at <= s.trace->count; at++)
    simplify(&s, at);
  take_out(&s);
  free(s.trial.ops);
  isolate_destroy(s.tried);
}
