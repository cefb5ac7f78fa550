/* qk_submit and qk_reap: all or nothing, in order, and every op comes back once. */
#include <stdio.h>
#include <string.h>
#include "conformance.h"
#include "submit.h"

/* ---- Helpers ------------------------------------------------------------------------------------- */

qk_op op[OPS_MAX], *ops[OPS_MAX];
qk_ticket tickets[OPS_MAX];
char names[OPS_MAX][16];

qk_store *open_patient(void)
{
  qk_options options;
  qk_policy policy = calm_policy();
  fixture_options(&options);
  options.timeout_ms = 60000;
  qk_store *store = fixture_open(&options);
  SET_POLICY(store, &policy);
  return store;
}

void make_ops(int32_t verb, int first, int count)
{
  for (int i = first; i < first + count; i++) {
    snprintf(names[i], sizeof names[0], "u%d", i);
    op[i] = make_op(verb, HALL, names[i], &tickets[i]);
    op[i].data = &names[i];
    ops[i] = &op[i];
  }
}

void reap_all_at(int line, qk_store *store, int count)
{
  static char seen[OPS_MAX];
  memset(seen, 0, sizeof seen);
  for (int got = 0; got < count;) {
    qk_op *done[100];
    int now = qk_reap(store, done, 100, PATIENCE_MS);
    ck_assert_msg(now > 0 && now <= 100 && got + now <= count, "line %d: reap gives %d after %d of %d", line,
                  now, got, count);
    got += now;
    for (int i = 0; i < now; i++) {
      ptrdiff_t at = done[i] - op;
      ck_assert_msg(at >= 0 && at < OPS_MAX && &op[at] == done[i], "line %d: a foreign op", line);
      ck_assert_msg(!seen[at]++, "line %d: op %td comes twice", line, at);
      ck_assert_ptr_eq(done[i]->data, &names[at]);
    }
  }
}

void check_idle_at(int line, qk_store *store)
{
  qk_op *done[1];
  int got = qk_reap(store, done, 1, 0);
  ck_assert_msg(got == 0, "line %d: reap gives %d", line, got);
}

void check_results(int first, int count, int32_t result)
{
  for (int i = first; i < first + count; i++)
    ck_assert_msg(op[i].result == result, "op %d gives %d", i, op[i].result);
}

/* ---- Submit -------------------------------------------------------------------------------------- */

START_TEST(what_is_submitted_comes_back_once)
{
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 100);
  CHECK_OK(qk_submit(store, ops, 100));
  REAP_ALL(store, 100);
  CHECK_IDLE(store);
  check_results(0, 100, QK_OK);
  for (int i = 0; i < 100; i++) {
    CHECK_TICKET_SHAPE(&tickets[i]);
    ck_assert_uint_eq(tickets[i].position, (uint64_t)i + 1);
    ck_assert_str_eq(tickets[i].user, names[i]);
  }
  CHECK_COUNTS(store, 100, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(submitting_nothing_is_ok)
{
  qk_store *store = open_hall(NULL);
  CHECK_OK(qk_submit(store, NULL, 0));
  CHECK_IDLE(store);
  qk_close(store);
}
END_TEST

START_TEST(a_null_op_takes_nothing)
{
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 3);
  for (int hole = 0; hole < 3; hole++) {
    qk_op *holey[3] = {ops[0], ops[1], ops[2]};
    holey[hole] = NULL;
    CHECK_CODE(qk_submit(store, holey, 3), QK_EINVAL);
    CHECK_IDLE(store);
  }
  CHECK_CODE(qk_submit(store, NULL, 1), QK_EINVAL);
  check_results(0, 3, 12345);
  CHECK_COUNTS(store, 0, 0, 0);
  CHECK_OK(qk_submit(store, ops, 3));
  REAP_ALL(store, 3);
  qk_close(store);
}
END_TEST

START_TEST(more_than_the_window_is_einval)
{
  qk_store *store = open_patient();
  make_ops(QK_ENTER, 0, WINDOW + 1);
  CHECK_CODE(qk_submit(store, ops, WINDOW + 1), QK_EINVAL);
  CHECK_IDLE(store);
  CHECK_COUNTS(store, 0, 0, 0);
  CHECK_OK(qk_submit(store, ops, WINDOW));
  CHECK_CODE(qk_submit(store, ops, WINDOW + 1), QK_EINVAL);
  REAP_ALL(store, WINDOW);
  CHECK_COUNTS(store, WINDOW, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_full_window_is_eagain_and_takes_nothing)
{
  qk_op *done[2];
  qk_store *store = open_patient();
  make_ops(QK_ENTER, 0, WINDOW + 1);
  CHECK_OK(qk_submit(store, ops, WINDOW - 2));
  CHECK_CODE(qk_submit(store, ops + WINDOW - 2, 3), QK_EAGAIN);
  CHECK_OK(qk_submit(store, ops + WINDOW - 2, 2));
  CHECK_CODE(qk_submit(store, ops + WINDOW, 1), QK_EAGAIN);
  ck_assert_int_eq(op[WINDOW].result, 12345);
  CHECK_OK(qk_submit(store, ops, 0));
  ck_assert_int_eq(qk_reap(store, done, 1, PATIENCE_MS), 1);
  CHECK_OK(qk_submit(store, ops + WINDOW, 1));
  CHECK_CODE(qk_submit(store, done, 1), QK_EAGAIN);
  REAP_ALL(store, WINDOW);
  CHECK_COUNTS(store, WINDOW + 1, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_bad_op_is_taken_and_comes_back_einval)
{
  char token[QK_TOKEN_SIZE];
  qk_store *store = open_hall(NULL);
  qk_ticket ticket = ENTER(store, "ann");
  CHECK_OK(qk_token(store, &ticket, token));
  make_ops(QK_POLL, 0, 9);
  op[0].size = 0;
  op[1].verb = 0;
  op[2].user = "";
  op[3].reserved[3] = 1;
  op[4].token = token;
  op[5] = make_token_op(QK_ENTER, token, NULL);
  op[6] = make_token_op(QK_TICK, token, NULL);
  op[5].data = &names[5];
  op[6].data = &names[6];
  op[7].user = "ann";
  op[8].queue = op[8].user = NULL;
  op[8].token = token;
  CHECK_OK(qk_submit(store, ops, 9));
  REAP_ALL(store, 9);
  check_results(0, 7, QK_EINVAL);
  check_results(7, 2, QK_OK);
  ck_assert_uint_eq(tickets[8].position, 1);
  CHECK_COUNTS(store, 1, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(the_array_of_pointers_is_the_callers)
{
  qk_op *passing[50];
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 100);
  for (int start = 0; start < 100; start += 50) {
    memcpy(passing, ops + start, sizeof passing);
    CHECK_OK(qk_submit(store, passing, 50));
    memset(passing, 0xaa, sizeof passing);
  }
  REAP_ALL(store, 100);
  check_results(0, 100, QK_OK);
  qk_close(store);
}
END_TEST

START_TEST(submits_of_one_thread_keep_their_order)
{
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 500);
  for (int i = 0; i < 500; i += 5)
    CHECK_OK(qk_submit(store, ops + i, 5));
  REAP_ALL(store, 500);
  for (int i = 0; i < 500; i++)
    ck_assert_uint_eq(tickets[i].position, (uint64_t)i + 1);
  qk_close(store);
}
END_TEST

START_TEST(a_whole_life_may_be_submitted_at_once)
{
  static const int32_t verbs[] = {QK_ENTER, QK_TICK, QK_ACTIVATE, QK_EXTEND, QK_RELEASE, QK_POLL};
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 6);
  for (int i = 0; i < 6; i++) {
    op[i].verb = verbs[i];
    op[i].user = verbs[i] == QK_TICK ? NULL : "ann";
    CHECK_OK(qk_submit(store, &ops[i], 1));
  }
  REAP_ALL(store, 6);
  check_results(0, 5, QK_OK);
  ck_assert_int_eq(op[5].result, QK_ENOTFOUND);
  ck_assert(tickets[0].fresh == 1 && tickets[2].state == QK_ACTIVE);
  ck_assert(tickets[3].extends == 1 && tickets[4].state == QK_NONE);
  CHECK_ZERO_TICKET(&tickets[5], HALL, "ann");
  qk_close(store);
}
END_TEST

START_TEST(ticks_through_submit_fill_their_reports)
{
  qk_tick_report reports[4];
  qk_policy policy = calm_policy();
  qk_store *store = open_hall(NULL);
  CHECK_OK(qk_set_policy(store, "room", &policy, NULL));
  memset(reports, 0xaa, sizeof reports);
  make_ops(QK_TICK, 0, 7);
  for (int i = 0; i < 4; i++) {
    op[i].user = NULL;
    op[i].report = &reports[i];
  }
  op[1].queue = "room";
  op[2].queue = NULL;
  op[3].queue = "nowhere";
  for (int i = 4; i < 7; i++)
    op[i].verb = QK_ENTER;
  op[6].queue = "room";
  CHECK_OK(qk_submit(store, ops + 4, 3));
  CHECK_OK(qk_submit(store, ops, 4));
  REAP_ALL(store, 7);
  check_results(0, 3, QK_OK);
  ck_assert_int_eq(op[3].result, QK_ENOTFOUND);
  ck_assert(reports[0].admitted == 2 && reports[0].ready == 2 && reports[0].queues == 1);
  ck_assert(reports[1].admitted == 1 && reports[1].ready == 1 && reports[1].queues == 1);
  ck_assert(reports[2].queues == 2 && reports[2].ready == 3);
  CHECK_ZERO(&reports[3], sizeof reports[3]);
  qk_close(store);
}
END_TEST

/* ---- Reap ---------------------------------------------------------------------------------------- */

START_TEST(bad_reaps_are_einval)
{
  qk_op *done[1];
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 1);
  CHECK_OK(qk_submit(store, ops, 1));
  CHECK_CODE(qk_reap(store, NULL, 1, 0), QK_EINVAL);
  CHECK_CODE(qk_reap(store, done, 0, 0), QK_EINVAL);
  CHECK_CODE(qk_reap(store, done, 1, -2), QK_EINVAL);
  CHECK_CODE(qk_reap(store, done, 1, INT32_MIN), QK_EINVAL);
  REAP_ALL(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(reap_gives_at_most_max)
{
  qk_op *done[4] = {NULL};
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 10);
  CHECK_OK(qk_submit(store, ops, 10));
  for (int got = 0; got < 10;) {
    int now = qk_reap(store, done, 3, PATIENCE_MS);
    ck_assert(now > 0 && now <= 3);
    got += now;
  }
  ck_assert_ptr_null(done[3]);
  CHECK_IDLE(store);
  qk_close(store);
}
END_TEST

START_TEST(reap_waits_as_long_as_it_is_told)
{
  qk_op *done[1];
  qk_store *store = open_hall(NULL);
  int64_t start = monotonic_ms();
  CHECK_IDLE(store);
  ck_assert_int_lt(monotonic_ms() - start, 1000);
  start = monotonic_ms();
  ck_assert_int_eq(qk_reap(store, done, 1, 120), 0);
  int64_t waited = monotonic_ms() - start;
  ck_assert_msg(waited >= 119 && waited < 5000, "waited %lld ms", (long long)waited);
  qk_close(store);
}
END_TEST

START_TEST(reap_does_not_wait_when_something_is_done)
{
  qk_op *done[8];
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 2);
  CHECK_OK(qk_submit(store, ops, 2));
  int64_t start = monotonic_ms();
  for (int got = 0; got < 2;) {
    int now = qk_reap(store, done, 8, -1);
    ck_assert_int_gt(now, 0);
    got += now;
  }
  ck_assert_int_lt(monotonic_ms() - start, 5000);
  qk_close(store);
}
END_TEST

START_TEST(an_op_may_be_submitted_again_once_it_is_reaped)
{
  qk_op *done[1];
  qk_store *store = open_hall(NULL);
  make_ops(QK_ENTER, 0, 1);
  for (int round = 0; round < 100; round++) {
    CHECK_OK(qk_submit(store, ops, 1));
    ck_assert_int_eq(qk_reap(store, done, 1, PATIENCE_MS), 1);
    ck_assert(done[0] == &op[0] && op[0].result == QK_OK);
    ck_assert_int_eq(tickets[0].fresh, round == 0);
  }
  qk_close(store);
}
END_TEST

void add_submit_tests(TCase *tests)
{
  tcase_add_test(tests, what_is_submitted_comes_back_once);
  tcase_add_test(tests, submitting_nothing_is_ok);
  tcase_add_test(tests, a_null_op_takes_nothing);
  tcase_add_test(tests, more_than_the_window_is_einval);
  tcase_add_test(tests, a_full_window_is_eagain_and_takes_nothing);
  tcase_add_test(tests, a_bad_op_is_taken_and_comes_back_einval);
  tcase_add_test(tests, the_array_of_pointers_is_the_callers);
  tcase_add_test(tests, submits_of_one_thread_keep_their_order);
  tcase_add_test(tests, a_whole_life_may_be_submitted_at_once);
  tcase_add_test(tests, ticks_through_submit_fill_their_reports);
  tcase_add_test(tests, bad_reaps_are_einval);
  tcase_add_test(tests, reap_gives_at_most_max);
  tcase_add_test(tests, reap_waits_as_long_as_it_is_told);
  tcase_add_test(tests, reap_does_not_wait_when_something_is_done);
  tcase_add_test(tests, an_op_may_be_submitted_again_once_it_is_reaped);
  add_loop_tests(tests);
  add_thread_tests(tests);
}
