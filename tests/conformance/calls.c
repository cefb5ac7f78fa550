#include <string.h>
#include <time.h>
#include "calls.h"

void zero_at(int line, const void *data, size_t size)
{
  const unsigned char *bytes = data;
  for (size_t i = 0; i < size; i++)
    ck_assert_msg(bytes[i] == 0, "line %d: byte %zu of a failed call's output is 0x%02x", line, i, bytes[i]);
}

static int tick(qk_store *store, const char *queue)
{
  qk_tick_report report;
  memset(&report, 0xaa, sizeof report);
  int code = qk_tick(store, queue, &report);
  if (code != QK_OK)
    CHECK_ZERO(&report, sizeof report);
  return code;
}

static int set_policy(qk_store *store, const char *queue)
{
  qk_policy policy = calm_policy();
  qk_error error = {1, "rubbish"};
  int code = qk_set_policy(store, queue, &policy, &error);
  ck_assert_int_eq(error.code, code);
  ck_assert_msg((code == QK_OK) == (error.text[0] == '\0'), "set_policy: %d says \"%s\"", code, error.text);
  return code;
}

static int get_policy(qk_store *store, const char *queue)
{
  qk_policy policy;
  memset(&policy, 0xaa, sizeof policy);
  int code = qk_get_policy(store, queue, &policy);
  if (code != QK_OK)
    CHECK_ZERO(&policy, sizeof policy);
  return code;
}

static int set_mode(qk_store *store, const char *queue)
{
  return qk_set_mode(store, queue, QK_MODE_HOLD);
}

static int get_stats(qk_store *store, const char *queue)
{
  qk_stats stats;
  memset(&stats, 0xaa, sizeof stats);
  int code = qk_get_stats(store, queue, &stats);
  if (code != QK_OK)
    CHECK_ZERO(&stats, sizeof stats);
  return code;
}

static int get_cursor(qk_store *store, const char *queue)
{
  qk_cursor cursor;
  memset(&cursor, 0xaa, sizeof cursor);
  int code = qk_get_cursor(store, queue, &cursor);
  if (code != QK_OK)
    CHECK_ZERO(&cursor, sizeof cursor);
  return code;
}

static int list(qk_store *store, const char *queue)
{
  qk_ticket ticket;
  memset(&ticket, 0xaa, sizeof ticket);
  int count = qk_list(store, queue, 0, 0, &ticket, 1);
  if (count >= 0)
    return QK_OK;
  memset(ticket.queue, 0, sizeof ticket.queue);
  CHECK_ZERO(&ticket, sizeof ticket);
  return count;
}

const struct queue_call queue_calls[QUEUE_CALLS] = {
    {"qk_tick", tick, 0, 1},
    {"qk_get_policy", get_policy, 0, 0},
    {"qk_get_stats", get_stats, 0, 0},
    {"qk_get_cursor", get_cursor, 0, 0},
    {"qk_list", list, 0, 0},
    {"qk_remove", qk_remove, 0, 0},
    {"qk_set_policy", set_policy, 1, 0},
    {"qk_set_mode", set_mode, 1, 0},
};

static int enter_class(qk_store *store, const char *queue, const char *user, qk_ticket *out)
{
  return qk_enter_class(store, queue, user, 7, out);
}

const struct person_call person_calls[PERSON_CALLS] = {
    {"qk_poll", qk_poll, 0},       {"qk_activate", qk_activate, 0}, {"qk_extend", qk_extend, 0},
    {"qk_release", qk_release, 0}, {"qk_enter", qk_enter, 1},       {"qk_enter_class", enter_class, 1},
};

const struct token_call token_calls[TOKEN_CALLS] = {
    {"qk_poll_token", qk_poll_token},
    {"qk_activate_token", qk_activate_token},
    {"qk_extend_token", qk_extend_token},
    {"qk_release_token", qk_release_token},
    {"qk_verify", qk_verify},
};

qk_op make_op(int32_t verb, const char *queue, const char *user, qk_ticket *ticket)
{
  qk_op op;
  memset(&op, 0, sizeof op);
  memset(op.internal, 0xaa, sizeof op.internal);
  op.size = sizeof op;
  op.verb = verb;
  op.result = 12345;
  op.queue = queue;
  op.user = user;
  op.ticket = ticket;
  return op;
}

qk_op make_token_op(int32_t verb, const char *token, qk_ticket *ticket)
{
  qk_op op = make_op(verb, NULL, NULL, ticket);
  op.token = token;
  return op;
}

static int count_one(void *arg, const char *queue)
{
  (void)queue;
  ++*(int *)arg;
  return 0;
}

int count_queues(qk_store *store)
{
  int count = 0;
  CHECK_OK(qk_each_queue(store, count_one, &count));
  return count;
}

int64_t monotonic_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
