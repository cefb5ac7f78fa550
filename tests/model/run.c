#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "audit.h"
#include "calls.h"
#include "fixture.h"
#include "hostile.h"
#include "run.h"
#include "world.h"

/* One verb or tick on its way: what is owed and what was got. */
struct attempt {
  const struct op *op;
  const struct kept *token; /* NULL: by name */
  uint32_t queue, user;
  int want_code, got_code;
  qk_ticket want, got;
  qk_tick_report want_report, got_report;
  char user_name[NAMES_USER_SIZE];
};

static const char *tick_name(const struct op *op)
{
  return op->queue == ORACLE_ALL ? NULL : names_queue(op->queue);
}

/* ---- The library's side ------------------------------------------------------------------------ */

static void call_one(struct world *w, struct attempt *a)
{
  qk_ticket *out = a->op->quiet ? NULL : &a->got;
  if (a->op->kind == OP_TICK)
    a->got_code = qk_tick(w->store, tick_name(a->op), &a->got_report);
  else if (a->token)
    a->got_code = calls_token(w->store, a->op->verb, a->token->text, out);
  else
    a->got_code = calls_verb(w->store, a->op->verb, names_queue(a->queue), a->user_name, a->op->cls, out);
}

static void fill_op(struct attempt *a, qk_op *out)
{
  memset(out->internal, 0xa5, sizeof out->internal);
  out->size = sizeof *out;
  out->result = 1;
  if (a->op->kind == OP_TICK) {
    out->verb = QK_TICK;
    out->queue = tick_name(a->op);
    out->report = &a->got_report;
    return;
  }
  out->verb = a->op->verb;
  out->cls = a->op->cls;
  out->ticket = a->op->quiet ? NULL : &a->got;
  if (a->token)
    out->token = a->token->text;
  else {
    out->queue = names_queue(a->queue);
    out->user = a->user_name;
  }
}

static void call_batch(struct world *w, struct attempt *attempts, size_t count, int submit)
{
  qk_op *ops = calloc(count, sizeof *ops);
  if (!ops)
    abort();
  for (size_t i = 0; i < count; i++)
    fill_op(&attempts[i], &ops[i]);
  if (!submit)
    compare_code(w->verdict, "qk_batch", QK_OK, qk_batch(w->store, ops, count));
  else if (!calls_submit(w->store, ops, count))
    verdict_add(w->verdict, "qk_submit", "not every op came back exactly once");
  for (size_t i = 0; i < count; i++)
    attempts[i].got_code = ops[i].result;
  free(ops);
}

/* ---- The oracle's side and the comparison ------------------------------------------------------ */

static void ask_oracle(struct world *w, struct attempt *a)
{
  struct oracle_call call = {.verb = a->op->verb, .queue = a->queue, .user = a->user, .cls = a->op->cls};
  if (a->op->kind == OP_TICK) {
    a->want_code = oracle_tick(&w->oracle, a->op->queue, &a->want_report);
    return;
  }
  if (a->token) {
    call.by_token = 1;
    call.epoch = a->token->ticket.epoch;
    call.number = a->token->ticket.number;
  }
  a->want_code = oracle_verb(&w->oracle, &call, &a->want);
}

static void check_ticket(struct world *w, struct attempt *a)
{
  const struct line *line = &w->oracle.lines[a->queue];
  int refused = a->want_code == QK_EFULL || a->want_code == QK_ECLOSED;
  if (a->want.number)
    a->want.epoch = line->epoch;
  compare_ticket(w->verdict, &a->want, &a->got);
  compare_poll_after(w->verdict, &a->got, refused || a->want.state == QK_WAITING,
                     line->exists ? line->policy.idle_ms : w->oracle.defaults.idle_ms);
  if (a->got.number)
    watch_ticket(w->watch, w->verdict, a->queue, a->user, &a->got);
}

/* Keep the token of a ticket that names somebody; one that names nobody has none. */
static void keep_token(struct world *w, const struct attempt *a)
{
  struct kept *kept = &w->tokens[a->op->keep];
  char text[QK_TOKEN_SIZE];
  int code = qk_token(w->store, &a->got, text);
  compare_code(w->verdict, "qk_token", a->got.state == QK_NONE ? QK_EINVAL : QK_OK, code);
  if (code != QK_OK)
    return;
  if (strlen(text) > 511 || strspn(text, WORLD_BASE64URL) != strlen(text))
    verdict_add(w->verdict, "qk_token", "not unpadded base64url of at most 511: \"%s\"", text);
  *kept = (struct kept){.queue = a->queue, .user = a->user, .ticket = a->got};
  strcpy(kept->text, text);
}

static void check_attempt(struct world *w, struct attempt *a)
{
  int whole = a->got_code == QK_OK || a->got_code == QK_ENOTREADY || a->got_code == QK_ENOTACTIVE ||
              a->got_code == QK_ELIMIT;
  compare_code(w->verdict, "code", a->want_code, a->got_code);
  if (a->op->kind == OP_TICK) {
    compare_report(w->verdict, &a->want_report, &a->got_report);
    w->next_ms = a->got_report.next_ms;
  } else if (a->op->quiet)
    watch_forget_place(w->watch, a->queue, a->user);
  else
    check_ticket(w, a);
  if (w->verdict->failed)
    return;
  if (a->op->keep && !a->op->quiet && whole)
    keep_token(w, a);
}

/* I9: a poll made again gives the same ticket, to the last byte. */
static void poll_again(struct world *w, const struct attempt *a)
{
  struct attempt again = *a;
  memset(&again.got, 0x5a, sizeof again.got);
  call_one(w, &again);
  ask_oracle(w, &again);
  if (again.got_code != a->got_code || memcmp(&again.got, &a->got, sizeof a->got) != 0)
    verdict_add(w->verdict, "I9 idempotence", "the same poll again gave another answer");
}

/* ---- Operations -------------------------------------------------------------------------------- */

/* Verbs and ticks that are made together. Those by a token that was never kept are left out. */
static void run_verbs(struct world *w, const struct op *ops, size_t count)
{
  struct attempt *attempts = calloc(count, sizeof *attempts);
  size_t n = 0;
  if (!attempts)
    abort();
  for (size_t i = 0; i < count; i++) {
    const struct kept *token = ops[i].slot ? &w->tokens[ops[i].slot] : NULL;
    if (token && !token->text[0])
      continue;
    struct attempt *a = &attempts[n++];
    *a = (struct attempt){.op = &ops[i], .token = token};
    a->queue = token ? token->queue : ops[i].queue;
    a->user = token ? token->user : ops[i].user;
    names_user(a->user, a->user_name);
    memset(&a->got, 0xa5, sizeof a->got);
    memset(&a->got_report, 0xa5, sizeof a->got_report);
  }
  if (ops[0].batch && n)
    call_batch(w, attempts, n, ops[0].batch % 2);
  else if (n)
    call_one(w, attempts);
  for (size_t i = 0; i < n; i++)
    ask_oracle(w, &attempts[i]);
  world_learn_epochs(w);
  for (size_t i = 0; i < n; i++)
    check_attempt(w, &attempts[i]);
  if (n == 1 && !ops[0].batch && ops[0].kind == OP_VERB && ops[0].verb == QK_POLL && !ops[0].quiet)
    poll_again(w, attempts);
  if (n == 1 && ops[0].kind == OP_TICK && ops[0].queue != ORACLE_ALL && attempts[0].got_code == QK_OK)
    audit_tick(w, ops[0].queue, &attempts[0].got_report);
  free(attempts);
}

static void run_crowd(struct world *w, const struct op *op)
{
  struct op *ops = calloc(op->count, sizeof *ops);
  if (!ops)
    abort();
  for (uint32_t i = 0; i < op->count; i++)
    ops[i] = (struct op){.kind = OP_VERB,
                         .verb = op->verb,
                         .queue = op->queue,
                         .user = op->user + i * op->stride,
                         .cls = op->verb == QK_ENTER ? op->cls : 0,
                         .batch = 1 + op->count % 2};
  run_verbs(w, ops, op->count);
  free(ops);
}

static void run_settings(struct world *w, const struct op *op)
{
  const char *name = names_queue(op->queue);
  if (op->kind == OP_POLICY) {
    qk_error error = {.code = 1, .text = "x"};
    compare_code(w->verdict, "qk_set_policy", QK_OK, qk_set_policy(w->store, name, &op->policy, &error));
    compare_code(w->verdict, "error.code", QK_OK, error.code);
    compare_text(w->verdict, "error.text", "", error.text);
    oracle_set_policy(&w->oracle, op->queue, &op->policy);
  } else if (op->kind == OP_MODE) {
    compare_code(w->verdict, "qk_set_mode", QK_OK, qk_set_mode(w->store, name, op->count));
    oracle_set_mode(&w->oracle, op->queue, op->count);
  } else {
    compare_code(w->verdict, "qk_remove", oracle_remove(&w->oracle, op->queue), qk_remove(w->store, name));
    watch_forget_line(w->watch, op->queue);
  }
  world_learn_epochs(w);
}

/* A token alone: what it says, and whether its time is up. */
static void run_verify(struct world *w, const struct op *op)
{
  const struct kept *kept = &w->tokens[op->slot];
  qk_ticket got, want = {0};
  if (!kept->text[0])
    return;
  memset(&got, 0xa5, sizeof got);
  want.state = kept->ticket.state;
  want.cls = kept->ticket.cls;
  want.number = kept->ticket.number;
  want.epoch = kept->ticket.epoch;
  want.expires_at_ms = kept->ticket.expires_at_ms;
  want.eta_ms = want.state == QK_WAITING ? -1 : 0;
  strcpy(want.queue, names_queue(kept->queue));
  names_user(kept->user, want.user);
  int code = want.state == QK_WAITING              ? QK_ENOTREADY
             : fixture_now_ms < want.expires_at_ms ? QK_OK
                                                   : QK_EEXPIRED;
  compare_code(w->verdict, "qk_verify", code, qk_verify(w->store, kept->text, &got));
  compare_ticket(w->verdict, &want, &got);
  compare_poll_after(w->verdict, &got, 0, 0);
}

static void run_hostile(struct world *w, const struct op *op)
{
  char user[NAMES_USER_SIZE];
  const struct kept *kept = &w->tokens[op->slot];
  names_user(op->user, user);
  struct hostile hostile = {
      .store = w->store, .queue = names_queue(op->queue), .user = user, .pick = op->after};
  hostile.token = kept->text[0] ? kept->text : NULL;
  hostile_run(op->count, &hostile, w->verdict);
}

/* Run the operation at ops[0], or the batch that begins there. Returns how many operations that were. */
static size_t run_next(struct world *w, const struct op *ops, size_t count)
{
  size_t n = 1;
  switch (ops[0].kind) {
  case OP_VERB:
  case OP_TICK:
    while (ops[0].batch && n < count && ops[n].batch == ops[0].batch)
      n++;
    run_verbs(w, ops, n);
    break;
  case OP_CROWD:
    run_crowd(w, ops);
    break;
  case OP_CLOCK:
    world_move_clock(w, ops[0].ms);
    break;
  case OP_NEXT:
    if (w->next_ms != UINT32_MAX)
      world_move_clock(w, (int64_t)w->next_ms + ops[0].ms);
    break;
  case OP_LIST:
    audit_list(w, ops[0].queue, ops[0].cls, ops[0].after, ops[0].count);
    break;
  case OP_VERIFY:
    run_verify(w, ops);
    break;
  case OP_QUEUES:
    audit_queues(w);
    break;
  case OP_HOSTILE:
    run_hostile(w, ops);
    break;
  default:
    run_settings(w, ops);
  }
  return n;
}

void run_trace(const struct trace *trace, struct verdict *verdict)
{
  struct world world;
  world_open(&world, trace, verdict);
  for (size_t i = 0; i < trace->count && !verdict->failed;) {
    verdict->op = i;
    i += run_next(&world, &trace->ops[i], trace->count - i);
    if (!verdict->failed)
      audit_all(&world, verdict->op);
    if (fixture->check && !verdict->failed)
      fixture->check(world.store);
  }
  world_close(&world);
}
