#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "hostile.h"
#include "names.h"

static const char long_text[] = "................................................................"
                                "................................................................."; /* 129 */
static const char *const not_utf8[] = {"a\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                       "\xc3",  "\xe2\x82", "\x80"};
static const char *const control[] = {"\x01", "a\nb", "a\x1f", "\t"};

static void expect_blank(struct verdict *v, int want, int code, const qk_ticket *got)
{
  compare_code(v, "hostile code", want, code);
  compare_blank_ticket(v, "hostile ticket", got);
}

static void try_verb(const struct hostile *h, struct verdict *v, const char *queue, const char *user,
                     uint32_t cls)
{
  qk_ticket got;
  int32_t verb = cls ? QK_ENTER : (int32_t)(h->pick % 5) + QK_ENTER;
  memset(&got, 0xa5, sizeof got);
  int code = calls_verb(h->store, verb, queue, user, cls, &got);
  expect_blank(v, QK_EINVAL, code, &got);
}

static void try_token(const struct hostile *h, struct verdict *v, const char *token)
{
  qk_ticket got;
  int32_t verb = (int32_t)(h->pick % 5) + QK_ENTER;
  memset(&got, 0xa5, sizeof got);
  int code = verb == QK_ENTER ? qk_verify(h->store, token, &got) : calls_token(h->store, verb, token, &got);
  expect_blank(v, QK_ETOKEN, code, &got);
}

static void try_policy(const struct hostile *h, struct verdict *v, const qk_policy *policy)
{
  qk_error error = {.code = 1};
  compare_code(v, "hostile code", QK_EINVAL, qk_set_policy(h->store, h->queue, policy, &error));
  compare_code(v, "hostile error.code", QK_EINVAL, error.code);
  if (error.text[0] == '\0')
    verdict_add(v, "hostile error.text", "is empty");
}

/* ---- Names and classes ------------------------------------------------------------------------- */

static void bad_queue(const struct hostile *h, struct verdict *v, uint32_t kind)
{
  const char *const names[] = {"", long_text + 64, control[h->pick % 4], not_utf8[h->pick % 7], NULL};
  try_verb(h, v, names[kind], h->user, 0);
}

static void bad_user(const struct hostile *h, struct verdict *v, uint32_t kind)
{
  const char *const names[] = {"", long_text, control[h->pick % 4], not_utf8[h->pick % 7], NULL};
  try_verb(h, v, h->queue, names[kind - 5], 0);
}

static void bad_class(const struct hostile *h, struct verdict *v, uint32_t kind)
{
  qk_ticket got;
  if (kind == 10) {
    try_verb(h, v, h->queue, h->user, h->pick % 2 ? 8 : UINT32_MAX);
    return;
  }
  compare_code(v, "hostile code", QK_EINVAL, qk_list(h->store, h->queue, 8, 0, &got, 1));
}

static void bad_view(const struct hostile *h, struct verdict *v, uint32_t kind)
{
  qk_stats stats;
  qk_cursor cursor;
  qk_policy policy;
  qk_tick_report report;
  const char *name = control[h->pick % 4];
  (void)kind;
  compare_code(v, "hostile code", QK_EINVAL, qk_get_stats(h->store, name, &stats));
  compare_code(v, "hostile code", QK_EINVAL, qk_get_cursor(h->store, name, &cursor));
  compare_code(v, "hostile code", QK_EINVAL, qk_get_policy(h->store, name, &policy));
  compare_code(v, "hostile code", QK_EINVAL, qk_tick(h->store, name, &report));
  compare_code(v, "hostile code", QK_EINVAL, qk_remove(h->store, name));
}

/* ---- Tokens ------------------------------------------------------------------------------------ */

static void bad_token(const struct hostile *h, struct verdict *v, uint32_t kind)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  static const char *const made_up[] = {
      "", "AAAA", "=", "not a token", "\xff", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
  char text[QK_TOKEN_SIZE + 8];
  size_t length = h->token ? strlen(h->token) : 0;
  if (length == 0 || kind == 16) {
    try_token(h, v, made_up[h->pick % 6]);
    return;
  }
  memcpy(text, h->token, length + 1);
  size_t at = (size_t)(h->pick % length);
  if (kind == 13)
    text[at] =
        digits[(size_t)(strchr(digits, text[at]) - digits + 1 + (ptrdiff_t)(h->pick / 1024 % 63)) % 64];
  else if (kind == 14)
    text[at] = '\0';
  else
    strcpy(text + length, h->pick % 2 ? "=" : "A");
  try_token(h, v, text);
}

/* ---- Policies and modes ------------------------------------------------------------------------ */

static void bad_policy(const struct hostile *h, struct verdict *v, uint32_t kind)
{
  qk_policy p;
  int odd = (int)(h->pick % 2);
  qk_policy_init(&p);
  switch (kind) {
  case 17:
    p.size = odd ? 0 : p.size + 8;
    break;
  case 18:
    p.reserved[h->pick % 8] = 1;
    break;
  case 19:
    *(odd ? &p.ready_ms : &p.active_ms) = 0;
    break;
  case 20:
    p.idle_ms = odd ? 1 : 2999;
    break;
  case 21:
    p.rate_window_ms = odd ? 0 : 86400001;
    break;
  case 22:
    p.mode = 5;
    break;
  default:
    *(odd ? &p.max_active : &p.rate) = UINT64_C(1) << 53;
  }
  try_policy(h, v, &p);
}

static void bad_mode(const struct hostile *h, struct verdict *v, uint32_t kind)
{
  (void)kind;
  compare_code(v, "hostile code", QK_EINVAL, qk_set_mode(h->store, h->queue, 5 + (uint32_t)(h->pick % 100)));
}

/* ---- Batches ----------------------------------------------------------------------------------- */

/* One op that is wrong in one way. */
static void bad_op(const struct hostile *h, struct verdict *v, uint32_t kind)
{
  qk_op op = {.size = sizeof op, .verb = QK_POLL, .queue = h->queue, .user = h->user};
  if (kind == 25)
    op.verb = h->pick % 2 ? 0 : QK_TICK + 1;
  else if (kind == 26)
    op.size = 0;
  else if (kind == 27)
    op.token = "AAAA";
  else if (kind == 28)
    op = (qk_op){
        .size = sizeof op, .verb = h->pick % 2 ? QK_ENTER : QK_TICK, .token = h->token ? h->token : "AAAA"};
  else if (kind == 29)
    op.reserved[h->pick % 4] = 1;
  else
    op.user = "";
  compare_code(v, "hostile qk_batch", QK_OK, qk_batch(h->store, &op, 1));
  compare_code(v, "hostile result", QK_EINVAL, op.result);
  op.result = QK_OK;
  if (!calls_submit(h->store, &op, 1))
    verdict_add(v, "hostile submit", "the op did not come back once");
  compare_code(v, "hostile result", QK_EINVAL, op.result);
}

/* A NULL among good ops: nothing of it is taken. */
static void bad_list(const struct hostile *h, struct verdict *v, uint32_t kind)
{
  qk_op op = {.size = sizeof op, .verb = QK_ENTER, .queue = h->queue, .user = h->user};
  qk_op *list[2] = {&op, NULL}, *done;
  (void)kind;
  compare_code(v, "hostile qk_submit", QK_EINVAL, qk_submit(h->store, list, 2));
  compare_number(v, "hostile qk_reap", 0, qk_reap(h->store, &done, 1, 0));
}

static const struct {
  const char *name;
  void (*run)(const struct hostile *h, struct verdict *v, uint32_t kind);
} kinds[HOSTILE_KINDS] = {
    {"empty queue", bad_queue},
    {"queue of 65 bytes", bad_queue},
    {"control byte in queue", bad_queue},
    {"queue not UTF-8", bad_queue},
    {"queue NULL", bad_queue},
    {"empty user", bad_user},
    {"user of 129 bytes", bad_user},
    {"control byte in user", bad_user},
    {"user not UTF-8", bad_user},
    {"user NULL", bad_user},
    {"enter class above 7", bad_class},
    {"list class 8", bad_class},
    {"view of a bad name", bad_view},
    {"changed token", bad_token},
    {"cut token", bad_token},
    {"longer token", bad_token},
    {"made-up token", bad_token},
    {"policy size", bad_policy},
    {"policy reserved", bad_policy},
    {"policy 0 ms seats", bad_policy},
    {"policy idle_ms", bad_policy},
    {"policy window", bad_policy},
    {"policy mode", bad_policy},
    {"policy 2^53", bad_policy},
    {"set_mode above 4", bad_mode},
    {"op verb", bad_op},
    {"op size", bad_op},
    {"op token and names", bad_op},
    {"op token with enter", bad_op},
    {"op reserved", bad_op},
    {"op with an empty user", bad_op},
    {"submit of NULL", bad_list},
};

const char *hostile_name(uint32_t kind)
{
  return kinds[kind % HOSTILE_KINDS].name;
}

void hostile_run(uint32_t kind, const struct hostile *hostile, struct verdict *verdict)
{
  kinds[kind % HOSTILE_KINDS].run(hostile, verdict, kind % HOSTILE_KINDS);
}
