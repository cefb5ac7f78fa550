/* qk_batch: every op gets its own result, in array order, whatever its neighbours do. */
#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "conformance.h"

/* ---- Helpers ------------------------------------------------------------------------------------- */

static qk_op make_tick(const char *queue, qk_tick_report *report)
{
  qk_op op = make_op(QK_TICK, queue, NULL, NULL);
  op.report = report;
  return op;
}

/* Run ops and expect these results, one per op. */
#define RUN(store, ops, ...)                                                                                 \
  do {                                                                                                       \
    const int32_t results_[] = {__VA_ARGS__};                                                                \
    ck_assert_uint_eq(sizeof results_ / sizeof results_[0], sizeof(ops) / sizeof(ops)[0]);                   \
    run_at(__LINE__, store, ops, results_, sizeof results_ / sizeof results_[0]);                            \
  } while (0)

static void run_at(int line, qk_store *store, qk_op *ops, const int32_t *results, size_t count)
{
  int code = qk_batch(store, ops, count);
  ck_assert_msg(code == QK_OK, "line %d: the batch gives %d", line, code);
  for (size_t i = 0; i < count; i++)
    ck_assert_msg(ops[i].result == results[i], "line %d: op %zu gives %d (%s), not %d", line, i,
                  ops[i].result, qk_strerror(ops[i].result), results[i]);
}

static qk_store *open_with_token(const char *user, char token[QK_TOKEN_SIZE])
{
  qk_store *store = open_hall(NULL);
  qk_ticket ticket = ENTER(store, user);
  CHECK_OK(qk_token(store, &ticket, token));
  return store;
}

/* ---- Whole batches ------------------------------------------------------------------------------- */

START_TEST(a_batch_of_nothing_is_ok)
{
  qk_store *store = open_hall(NULL);
  qk_op op = make_op(QK_ENTER, HALL, "ann", NULL);
  CHECK_OK(qk_batch(store, NULL, 0));
  CHECK_OK(qk_batch(store, &op, 0));
  ck_assert_int_eq(op.result, 12345);
  CHECK_COUNTS(store, 0, 0, 0);
  qk_close(store);
}
END_TEST

/* More ops than a store takes at once, on a queue that the first of them makes. */
START_TEST(a_batch_that_makes_its_queue_keeps_its_order)
{
  enum { PEOPLE = 40 };
  static const int32_t verbs[] = {QK_POLL, QK_ENTER, QK_POLL, QK_RELEASE, QK_POLL};
  qk_store *store = open_hall(NULL);
  for (int life = 0; life < 2; life++) {
    char users[PEOPLE][16];
    qk_op ops[5 * PEOPLE];
    for (int i = 0; i < 5 * PEOPLE; i++) {
      snprintf(users[i % PEOPLE], sizeof users[0], "user %d", i % PEOPLE);
      ops[i] = make_op(verbs[i / PEOPLE], "attic", users[i % PEOPLE], NULL);
    }
    CHECK_OK(qk_batch(store, ops, 5 * PEOPLE));
    for (int i = 0; i < 5 * PEOPLE; i++) {
      int nobody = i / PEOPLE == 0 || i / PEOPLE == 4;
      ck_assert_msg(ops[i].result == (nobody ? QK_ENOTFOUND : QK_OK), "life %d: op %d gives %d", life, i,
                    ops[i].result);
    }
    CHECK_OK(qk_remove(store, "attic"));
  }
  qk_close(store);
}
END_TEST

START_TEST(a_batch_without_ops_is_einval)
{
  qk_store *store = open_hall(NULL);
  CHECK_CODE(qk_batch(store, NULL, 1), QK_EINVAL);
  qk_close(store);
}
END_TEST

START_TEST(every_verb_runs_in_one_batch)
{
  qk_ticket t[6];
  qk_tick_report report;
  qk_store *store = open_hall(NULL);
  qk_op ops[] = {
      make_op(QK_ENTER, HALL, "ann", &t[0]),
      make_op(QK_POLL, HALL, "ann", &t[1]),
      make_tick(HALL, &report),
      make_op(QK_ACTIVATE, HALL, "ann", &t[2]),
      make_op(QK_EXTEND, HALL, "ann", &t[3]),
      make_op(QK_RELEASE, HALL, "ann", &t[4]),
      make_op(QK_POLL, HALL, "ann", &t[5]),
  };
  memset(t, 0xaa, sizeof t);
  memset(&report, 0xaa, sizeof report);
  RUN(store, ops, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK, QK_ENOTFOUND);
  for (int i = 0; i < 5; i++)
    CHECK_TICKET_SHAPE(&t[i]);
  ck_assert(t[0].state == QK_WAITING && t[0].fresh == 1 && t[1].state == QK_WAITING && t[1].fresh == 0);
  ck_assert(report.admitted == 1 && report.ready == 1 && report.queues == 1);
  ck_assert(t[2].state == QK_ACTIVE && t[3].extends == 1 && t[4].state == QK_NONE);
  CHECK_ZERO_TICKET(&t[5], HALL, "ann");
  ck_assert_uint_eq(STATS(store).completed, 1);
  qk_close(store);
}
END_TEST

START_TEST(one_user_may_stand_in_a_batch_twice)
{
  qk_ticket t[5];
  qk_store *store = open_hall(NULL);
  qk_op ops[] = {
      make_op(QK_ENTER, HALL, "ann", &t[0]),   make_op(QK_ENTER, HALL, "ann", &t[1]),
      make_op(QK_RELEASE, HALL, "ann", &t[2]), make_op(QK_ENTER, HALL, "ann", &t[3]),
      make_op(QK_ENTER, HALL, "ann", &t[4]),
  };
  RUN(store, ops, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK);
  ck_assert(t[0].fresh == 1 && t[1].fresh == 0 && t[3].fresh == 1 && t[4].fresh == 0);
  ck_assert_uint_eq(t[0].number, t[1].number);
  ck_assert_uint_eq(t[2].number, t[0].number);
  ck_assert_uint_gt(t[3].number, t[0].number);
  ck_assert_uint_eq(t[4].number, t[3].number);
  CHECK_COUNTS(store, 1, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_tick_admits_whom_the_batch_entered_before_it)
{
  qk_ticket t[6];
  qk_tick_report reports[2];
  qk_store *store = open_hall(NULL);
  qk_op ops[] = {
      make_op(QK_ENTER, HALL, "ann", &t[0]), make_op(QK_ENTER, HALL, "bob", &t[1]),
      make_tick(HALL, &reports[0]),          make_op(QK_ENTER, HALL, "cid", &t[2]),
      make_op(QK_POLL, HALL, "ann", &t[3]),  make_op(QK_POLL, HALL, "cid", &t[4]),
      make_tick(HALL, &reports[1]),          make_op(QK_POLL, HALL, "cid", &t[5]),
  };
  RUN(store, ops, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK);
  ck_assert_uint_eq(t[1].position, 2);
  ck_assert(reports[0].admitted == 2 && reports[0].waiting == 0 && reports[0].ready == 2);
  ck_assert(t[2].position == 1 && t[3].state == QK_READY && t[4].state == QK_WAITING);
  ck_assert(reports[1].admitted == 1 && reports[1].ready == 3);
  ck_assert_int_eq(t[5].state, QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(eager_enters_fill_the_seats_in_order)
{
  enum { PEOPLE = 6, SEATS = 4 };
  qk_ticket t[PEOPLE];
  qk_op ops[PEOPLE];
  qk_policy policy = calm_policy();
  policy.eager = 1;
  policy.max_active = SEATS;
  qk_store *store = open_hall(&policy);
  for (int i = 0; i < PEOPLE; i++)
    ops[i] = make_op(QK_ENTER, HALL, person(i + 1), &t[i]);
  RUN(store, ops, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK);
  for (int i = 0; i < PEOPLE; i++) {
    ck_assert_int_eq(t[i].state, i < SEATS ? QK_READY : QK_WAITING);
    ck_assert_uint_eq(t[i].position, i < SEATS ? 0 : (uint64_t)(i - SEATS + 1));
  }
  qk_close(store);
}
END_TEST

START_TEST(refusals_stay_with_their_op)
{
  qk_ticket t[8];
  qk_policy policy = calm_policy();
  policy.max_waiting = 2;
  policy.max_extends = 0;
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "ann");
  ENTER(store, "bob");
  qk_op ops[] = {
      make_op(QK_POLL, HALL, "nobody", &t[0]),    make_op(QK_ACTIVATE, HALL, "bob", &t[1]),
      make_op(QK_EXTEND, HALL, "bob", &t[2]),     make_op(QK_EXTEND, HALL, "ann", &t[3]),
      make_op(QK_ENTER, HALL, "cid", &t[4]),      make_op(QK_ENTER, HALL, "dan", &t[5]),
      make_op(QK_RELEASE, HALL, "nobody", &t[6]), make_op(QK_POLL, "nowhere", "ann", &t[7]),
  };
  memset(t, 0xaa, sizeof t);
  RUN(store, ops, QK_ENOTFOUND, QK_ENOTREADY, QK_ENOTACTIVE, QK_ELIMIT, QK_OK, QK_EFULL, QK_ENOTFOUND,
      QK_ENOTFOUND);
  CHECK_ZERO_TICKET(&t[0], HALL, "nobody");
  for (int i = 1; i <= 4; i++)
    CHECK_TICKET_SHAPE(&t[i]);
  ck_assert(t[1].position == 1 && t[3].state == QK_ACTIVE);
  ck_assert(t[5].waiting == 2 && t[5].poll_after_ms > 0 && t[5].number == 0);
  CHECK_ZERO_TICKET(&t[6], HALL, "nobody");
  CHECK_ZERO_TICKET(&t[7], "nowhere", "ann");
  CHECK_COUNTS(store, 2, 0, 1);
  ck_assert_int_eq(count_queues(store), 1);
  qk_close(store);
}
END_TEST

START_TEST(null_tickets_are_fine)
{
  qk_store *store = open_hall(NULL);
  qk_op ops[] = {
      make_op(QK_ENTER, HALL, "ann", NULL),
      make_tick(HALL, NULL),
      make_op(QK_ACTIVATE, HALL, "ann", NULL),
      make_op(QK_EXTEND, HALL, "ann", NULL),
      make_op(QK_RELEASE, HALL, "ann", NULL),
      make_op(QK_POLL, HALL, "ann", NULL),
      make_tick(NULL, NULL),
  };
  RUN(store, ops, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK, QK_ENOTFOUND, QK_OK);
  qk_close(store);
}
END_TEST

START_TEST(ops_keep_what_the_caller_put_in_them)
{
  qk_ticket ticket;
  int mine;
  qk_store *store = open_hall(NULL);
  qk_op op = make_op(QK_ENTER, HALL, "ann", &ticket);
  op.cls = 3;
  op.data = &mine;
  CHECK_OK(qk_batch(store, &op, 1));
  ck_assert(op.size == sizeof op && op.verb == QK_ENTER && op.cls == 3 && op.data == &mine);
  ck_assert(op.ticket == &ticket && !op.report && !op.token);
  ck_assert_str_eq(op.queue, HALL);
  ck_assert_str_eq(op.user, "ann");
  CHECK_ZERO(op.reserved, sizeof op.reserved);
  ck_assert_uint_eq(ticket.cls, 3);
  qk_close(store);
}
END_TEST

/* ---- Bad ops ------------------------------------------------------------------------------------- */

#define LONG16 "0123456789abcdef"
#define LONG64 LONG16 LONG16 LONG16 LONG16

static const struct bad_op {
  const char *what;
  int32_t verb;
  const char *queue, *user;
  int by_token;
  uint32_t cls, size_off;
  int reserved;
} bad_ops[] = {
    {"of size + 8", QK_ENTER, HALL, "dan", 0, 0, 8, 0},
    {"of size - 8", QK_ENTER, HALL, "dan", 0, 0, (uint32_t)-8, 0},
    {"of size 0", QK_ENTER, HALL, "dan", 0, 0, (uint32_t) - (int)sizeof(qk_op), 0},
    {"with the first reserved word", QK_ENTER, HALL, "dan", 0, 0, 0, 1},
    {"with the last reserved word", QK_ENTER, HALL, "dan", 0, 0, 0, 4},
    {"of verb 0", 0, HALL, "dan", 0, 0, 0, 0},
    {"of verb -1", -1, HALL, "dan", 0, 0, 0, 0},
    {"of verb 7", QK_TICK + 1, HALL, "dan", 0, 0, 0, 0},
    {"of verb INT32_MIN", INT32_MIN, HALL, "dan", 0, 0, 0, 0},
    {"of class 8", QK_ENTER, HALL, "dan", 0, 8, 0, 0},
    {"that names nothing", QK_POLL, NULL, NULL, 0, 0, 0, 0},
    {"that enters nothing", QK_ENTER, NULL, NULL, 0, 0, 0, 0},
    {"without a user", QK_POLL, HALL, NULL, 0, 0, 0, 0},
    {"without a queue", QK_ENTER, NULL, "dan", 0, 0, 0, 0},
    {"with an empty user", QK_ENTER, HALL, "", 0, 0, 0, 0},
    {"with an empty queue", QK_ENTER, "", "dan", 0, 0, 0, 0},
    {"with a queue of 65 bytes", QK_ENTER, LONG64 "x", "dan", 0, 0, 0, 0},
    {"with a user of 129 bytes", QK_ENTER, HALL, LONG64 LONG64 "x", 0, 0, 0, 0},
    {"with a control byte", QK_ENTER, HALL, "d\tn", 0, 0, 0, 0},
    {"that is not UTF-8", QK_ENTER, "h\xff", "dan", 0, 0, 0, 0},
    {"with a token and names", QK_POLL, HALL, "ann", 1, 0, 0, 0},
    {"with a token and a queue", QK_POLL, HALL, NULL, 1, 0, 0, 0},
    {"with a token and a user", QK_RELEASE, NULL, "ann", 1, 0, 0, 0},
    {"that enters by token", QK_ENTER, NULL, NULL, 1, 0, 0, 0},
    {"that ticks by token", QK_TICK, NULL, NULL, 1, 0, 0, 0},
    {"that ticks a queue and a token", QK_TICK, HALL, NULL, 1, 0, 0, 0},
    {"that ticks a user", QK_TICK, HALL, "ann", 0, 0, 0, 0},
    {"that ticks an empty queue", QK_TICK, "", NULL, 0, 0, 0, 0},
    {"that ticks a queue that is not UTF-8", QK_TICK, "\x80", NULL, 0, 0, 0, 0},
};
enum { BAD_OPS = sizeof bad_ops / sizeof bad_ops[0] };

START_TEST(a_bad_op_is_einval_and_its_neighbours_run)
{
  const struct bad_op *bad = &bad_ops[_i];
  char token[QK_TOKEN_SIZE];
  qk_ticket t[2];
  qk_tick_report report;
  qk_store *store = open_with_token("ann", token);
  qk_op ops[] = {make_op(QK_ENTER, HALL, "bob", &t[0]), make_op(bad->verb, bad->queue, bad->user, NULL),
                 make_op(QK_ENTER, HALL, "cid", &t[1])};
  memset(&report, 0xaa, sizeof report);
  ops[1].token = bad->by_token ? token : NULL;
  ops[1].cls = bad->cls;
  ops[1].size += bad->size_off;
  ops[1].report = &report;
  if (bad->reserved)
    ops[1].reserved[bad->reserved - 1] = 1;
  CHECK_OK(qk_batch(store, ops, 3));
  ck_assert_msg(ops[1].result == QK_EINVAL, "an op %s gives %d", bad->what, ops[1].result);
  ck_assert(ops[0].result == QK_OK && ops[2].result == QK_OK);
  ck_assert(t[0].position == 2 && t[1].position == 3);
  if (bad->verb == QK_TICK)
    CHECK_ZERO(&report, sizeof report);
  CHECK_LINE(store, "ann bob cid");
  ck_assert_int_eq(count_queues(store), 1);
  qk_close(store);
}
END_TEST

START_TEST(a_batch_of_bad_ops_alone_is_ok)
{
  qk_ticket t[2];
  qk_store *store = open_hall(NULL);
  qk_op ops[] = {make_op(QK_ENTER, "", "ann", &t[0]), make_op(99, HALL, "ann", &t[1])};
  memset(t, 0xaa, sizeof t);
  RUN(store, ops, QK_EINVAL, QK_EINVAL);
  for (int i = 0; i < 2; i++) {
    memset(t[i].queue, 0, sizeof t[i].queue);
    memset(t[i].user, 0, sizeof t[i].user);
    CHECK_ZERO(&t[i], sizeof t[i]);
  }
  qk_close(store);
}
END_TEST

/* ---- Tokens -------------------------------------------------------------------------------------- */

START_TEST(ops_by_token_do_what_ops_by_name_do)
{
  char token[QK_TOKEN_SIZE];
  qk_ticket t[5];
  qk_store *store = open_with_token("ann", token);
  qk_op ops[] = {
      make_token_op(QK_POLL, token, &t[0]),     make_tick(HALL, NULL),
      make_token_op(QK_ACTIVATE, token, &t[1]), make_token_op(QK_EXTEND, token, &t[2]),
      make_token_op(QK_RELEASE, token, &t[3]),  make_token_op(QK_RELEASE, token, &t[4]),
  };
  memset(t, 0xaa, sizeof t);
  RUN(store, ops, QK_OK, QK_OK, QK_OK, QK_OK, QK_OK, QK_EEXPIRED);
  ck_assert(t[0].state == QK_WAITING && t[0].position == 1 && t[1].state == QK_ACTIVE);
  ck_assert(t[2].extends == 1 && t[3].state == QK_NONE);
  CHECK_ZERO_TICKET(&t[4], HALL, "ann");
  ck_assert_str_eq(t[0].user, "ann");
  qk_close(store);
}
END_TEST

START_TEST(a_forged_token_spoils_only_its_op)
{
  char token[QK_TOKEN_SIZE], forged[QK_TOKEN_SIZE];
  qk_ticket t[3];
  qk_store *store = open_with_token("ann", token);
  memcpy(forged, token, sizeof forged);
  forged[10] = forged[10] == 'A' ? 'B' : 'A';
  qk_op ops[] = {make_token_op(QK_RELEASE, forged, &t[0]), make_token_op(QK_POLL, "", &t[1]),
                 make_token_op(QK_POLL, token, &t[2])};
  memset(t, 0xaa, sizeof t);
  RUN(store, ops, QK_ETOKEN, QK_ETOKEN, QK_OK);
  CHECK_ZERO_TICKET(&t[0], NULL, NULL);
  CHECK_ZERO_TICKET(&t[1], NULL, NULL);
  ck_assert_uint_eq(t[2].position, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_token_may_end_and_its_user_return_within_a_batch)
{
  char token[QK_TOKEN_SIZE];
  qk_ticket t[4];
  qk_store *store = open_with_token("ann", token);
  qk_op ops[] = {make_token_op(QK_RELEASE, token, &t[0]), make_op(QK_ENTER, HALL, "ann", &t[1]),
                 make_token_op(QK_RELEASE, token, &t[2]), make_op(QK_POLL, HALL, "ann", &t[3])};
  RUN(store, ops, QK_OK, QK_OK, QK_EEXPIRED, QK_OK);
  ck_assert_uint_gt(t[1].number, t[0].number);
  ck_assert_uint_eq(t[3].number, t[1].number);
  qk_close(store);
}
END_TEST

/* ---- Several queues, many ops -------------------------------------------------------------------- */

START_TEST(queues_in_one_batch_keep_to_themselves)
{
  enum { QUEUES = 5, PEOPLE = 20, OPS = QUEUES * PEOPLE };
  static const char *const queues[QUEUES] = {"a", "b", "c", "d", "e"};
  static char names[PEOPLE][16];
  static qk_ticket t[OPS];
  static qk_op ops[OPS];
  qk_policy policy = calm_policy();
  qk_store *store = open_hall(NULL);
  for (int i = 0; i < QUEUES; i++)
    CHECK_OK(qk_set_policy(store, queues[i], &policy, NULL));
  for (int i = 0; i < OPS; i++) {
    snprintf(names[i / QUEUES], sizeof names[0], "u%d", i / QUEUES);
    ops[i] = make_op(QK_ENTER, queues[i % QUEUES], names[i / QUEUES], &t[i]);
  }
  CHECK_OK(qk_batch(store, ops, OPS));
  for (int i = 0; i < OPS; i++) {
    ck_assert_int_eq(ops[i].result, QK_OK);
    ck_assert_uint_eq(t[i].position, (uint64_t)(i / QUEUES + 1));
    ck_assert_str_eq(t[i].queue, queues[i % QUEUES]);
    ck_assert_str_eq(t[i].user, names[i / QUEUES]);
    CHECK_TICKET_SHAPE(&t[i]);
  }
  for (int i = 0; i < QUEUES; i++)
    ck_assert_uint_eq(stats_at(__LINE__, store, queues[i]).waiting, PEOPLE);
  qk_close(store);
}
END_TEST

START_TEST(a_batch_may_tick_every_queue)
{
  qk_tick_report all, none;
  qk_policy policy = calm_policy();
  qk_store *store = open_hall(NULL);
  CHECK_OK(qk_set_policy(store, "room", &policy, NULL));
  qk_op ops[] = {make_op(QK_ENTER, HALL, "ann", NULL), make_op(QK_ENTER, "room", "bob", NULL),
                 make_op(QK_ENTER, "room", "cid", NULL), make_tick(NULL, &all), make_tick("nowhere", &none)};
  memset(&none, 0xaa, sizeof none);
  RUN(store, ops, QK_OK, QK_OK, QK_OK, QK_OK, QK_ENOTFOUND);
  ck_assert(all.queues == 2 && all.admitted == 3 && all.ready == 3 && all.waiting == 0 && all.skipped == 0);
  CHECK_ZERO(&none, sizeof none);
  CHECK_COUNTS(store, 0, 1, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_thousand_ops_take_effect_in_array_order)
{
  enum { OPS = 1000 };
  static char names[OPS][16];
  static qk_ticket t[OPS], page[OPS];
  static qk_op ops[OPS];
  qk_store *store = open_hall(NULL);
  for (int i = 0; i < OPS; i++) {
    snprintf(names[i], sizeof names[i], "u%d", (i * 7919) % OPS);
    ops[i] = make_op(QK_ENTER, HALL, names[i], &t[i]);
  }
  CHECK_OK(qk_batch(store, ops, OPS));
  for (int i = 0; i < OPS; i++) {
    ck_assert_int_eq(ops[i].result, QK_OK);
    ck_assert_uint_eq(t[i].position, (uint64_t)(i + 1));
    ck_assert_uint_eq(t[i].waiting, (uint64_t)(i + 1));
    ck_assert(i == 0 || t[i].number > t[i - 1].number);
    ops[i].verb = i % 2 ? QK_POLL : QK_RELEASE;
  }
  ck_assert_int_eq(qk_list(store, HALL, 0, 0, page, OPS), OPS);
  for (int i = 0; i < OPS; i++)
    ck_assert_str_eq(page[i].user, names[i]);
  CHECK_OK(qk_batch(store, ops, OPS));
  for (int i = 0; i < OPS; i++) {
    ck_assert_int_eq(ops[i].result, QK_OK);
    ck_assert_uint_eq(t[i].position, i % 2 ? (uint64_t)(i / 2 + 1) : 0);
  }
  CHECK_COUNTS(store, OPS / 2, 0, 0);
  qk_close(store);
}
END_TEST

/* ---- The same answers as one call after the other ------------------------------------------------ */

enum { TRACE = 600, TRACE_PEOPLE = 12 };

static verb_function *const verb_calls[] = {NULL, NULL, qk_poll, qk_activate, qk_extend, qk_release};

static void call_one(qk_store *store, qk_op *op)
{
  if (op->verb == QK_TICK)
    op->result = qk_tick(store, op->queue, op->report);
  else if (op->verb == QK_ENTER)
    op->result = qk_enter_class(store, op->queue, op->user, op->cls, op->ticket);
  else
    op->result = verb_calls[op->verb](store, op->queue, op->user, op->ticket);
}

/* Mixed verbs of few people in two queues, so that most of what can happen does. */
static void make_trace(qk_op *ops, qk_ticket *tickets, qk_tick_report *reports)
{
  static char names[TRACE_PEOPLE][16];
  uint32_t state = 7;
  for (int i = 0; i < TRACE; i++) {
    uint32_t draws[4];
    for (int j = 0; j < 4; j++)
      draws[j] = (state = state * 1664525 + 1013904223) >> 16;
    char *name = names[draws[1] % TRACE_PEOPLE];
    snprintf(name, sizeof names[0], "u%u", draws[1] % TRACE_PEOPLE);
    int32_t verb = (int32_t)(1 + draws[0] % QK_TICK);
    ops[i] = make_op(verb, draws[2] % 3 ? HALL : "room", verb == QK_TICK ? NULL : name, &tickets[i]);
    ops[i].report = verb == QK_TICK ? &reports[i] : NULL;
    ops[i].cls = verb == QK_ENTER ? draws[3] % 8 : 0;
  }
}

static void run_trace(qk_op *ops, qk_ticket *tickets, qk_tick_report *reports, size_t group)
{
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  policy.max_waiting = 5;
  policy.eager = 1;
  qk_store *store = open_hall(&policy);
  CHECK_OK(qk_set_policy(store, "room", &policy, NULL));
  memset(tickets, 0xaa, TRACE * sizeof *tickets);
  memset(reports, 0, TRACE * sizeof *reports);
  make_trace(ops, tickets, reports);
  for (size_t i = 0; i < TRACE; i += 30) {
    for (size_t j = i; j < i + 30; j += group)
      if (group > 1)
        CHECK_OK(qk_batch(store, &ops[j], group));
      else
        call_one(store, &ops[j]);
    fixture_advance(7000);
  }
  STATS(store);
  qk_close(store);
}

/* What differs between two lives of one queue: the epoch and the jitter that is drawn from it. */
static void forget_epoch(qk_ticket *ticket)
{
  ticket->epoch = 0;
  ticket->poll_after_ms = 0;
}

START_TEST(a_batch_answers_as_single_calls_do)
{
  static const size_t groups[] = {2, 5, 30};
  static qk_op one[TRACE], many[TRACE];
  static qk_ticket by_call[TRACE], by_batch[TRACE];
  static qk_tick_report reports[TRACE], batch_reports[TRACE];
  int seen[18] = {0};
  run_trace(one, by_call, reports, 1);
  run_trace(many, by_batch, batch_reports, groups[_i]);
  for (int i = 0; i < TRACE; i++) {
    ck_assert_msg(one[i].result == many[i].result, "op %d: %d by call, %d in a batch", i, one[i].result,
                  many[i].result);
    seen[-one[i].result]++;
    reports[i].elapsed_us = batch_reports[i].elapsed_us = 0;
    ck_assert_mem_eq(&reports[i], &batch_reports[i], sizeof reports[i]);
    if (one[i].verb == QK_TICK)
      continue;
    forget_epoch(&by_call[i]);
    forget_epoch(&by_batch[i]);
    CHECK_SAME_TICKET(&by_call[i], &by_batch[i]);
  }
  static const int wanted[] = {QK_OK, QK_ENOTFOUND, QK_ENOTREADY, QK_ENOTACTIVE, QK_ELIMIT, QK_EFULL};
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
    ck_assert_msg(seen[-wanted[i]] > 0, "the trace never meets %s", qk_strerror(wanted[i]));
}
END_TEST

void add_batch_tests(TCase *tests)
{
  tcase_add_test(tests, a_batch_of_nothing_is_ok);
  tcase_add_test(tests, a_batch_without_ops_is_einval);
  tcase_add_test(tests, every_verb_runs_in_one_batch);
  tcase_add_test(tests, one_user_may_stand_in_a_batch_twice);
  tcase_add_test(tests, a_tick_admits_whom_the_batch_entered_before_it);
  tcase_add_test(tests, eager_enters_fill_the_seats_in_order);
  tcase_add_test(tests, refusals_stay_with_their_op);
  tcase_add_test(tests, null_tickets_are_fine);
  tcase_add_test(tests, ops_keep_what_the_caller_put_in_them);
  tcase_add_loop_test(tests, a_bad_op_is_einval_and_its_neighbours_run, 0, BAD_OPS);
  tcase_add_test(tests, a_batch_of_bad_ops_alone_is_ok);
  tcase_add_test(tests, ops_by_token_do_what_ops_by_name_do);
  tcase_add_test(tests, a_forged_token_spoils_only_its_op);
  tcase_add_test(tests, a_token_may_end_and_its_user_return_within_a_batch);
  tcase_add_test(tests, queues_in_one_batch_keep_to_themselves);
  tcase_add_test(tests, a_batch_that_makes_its_queue_keeps_its_order);
  tcase_add_test(tests, a_batch_may_tick_every_queue);
  tcase_add_test(tests, a_thousand_ops_take_effect_in_array_order);
  tcase_add_loop_test(tests, a_batch_answers_as_single_calls_do, 0, 3);
}
