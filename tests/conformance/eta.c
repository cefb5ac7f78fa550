/* api.md, "Tickets": the expected wait, the outflow, and when to poll again. */
#include <math.h>
#include <string.h>
#include "conformance.h"
#include "helpers.h"

static qk_policy flow_policy(uint64_t seats)
{
  qk_policy policy = calm_policy();
  policy.max_active = seats;
  policy.ready_ms = 4000000000;
  return policy;
}

/* Logical time: the hall of these tests is made at FIXTURE_START, and no step cuts. */
static void advance_to(int64_t logical_ms)
{
  fixture_now_ms = FIXTURE_START + logical_ms;
}

/* person(1) to person(admitted) are admitted at logical time 0 into the only seats, and the rest of count
 * waits. */
static qk_store *open_flowing(int admitted, int count)
{
  qk_policy policy = flow_policy((uint64_t)admitted);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, count);
  TICK_ADMITS(store, (uint64_t)admitted);
  return store;
}

static int64_t eta_of(qk_store *store, int number)
{
  return POLL(store, person(number)).eta_ms;
}

static void flow_is(int line, qk_store *store, double want)
{
  double got = stats_at(line, store, HALL).outflow_per_s;
  ck_assert_msg(fabs(got - want) < 1e-9, "line %d: the outflow is %.12f, not %.12f", line, got, want);
}

#define CHECK_FLOW(store, want) flow_is(__LINE__, store, want)

/* ---- eta_ms and outflow_per_s -------------------------------------------------------------------- */

START_TEST(nothing_is_known_in_the_first_ten_seconds)
{
  qk_store *store = open_flowing(5, 8);
  ck_assert_int_eq(eta_of(store, 6), -1);
  advance_to(9999);
  ck_assert_int_eq(eta_of(store, 6), -1);
  CHECK_FLOW(store, -1);
  advance_to(10000);
  ck_assert_int_eq(eta_of(store, 6), 2000);
  CHECK_FLOW(store, 0.5);
  qk_close(store);
}
END_TEST

START_TEST(nothing_is_known_while_nobody_is_admitted)
{
  qk_policy policy = flow_policy(0);
  qk_store *store = open_hall(&policy);
  ENTER(store, "u1");
  advance_to(200000);
  TICK(store);
  ck_assert_int_eq(eta_of(store, 1), -1);
  CHECK_FLOW(store, -1);
  qk_close(store);
}
END_TEST

START_TEST(the_wait_is_the_place_over_the_outflow_rounded_up)
{
  qk_store *store = open_flowing(7, 40);
  advance_to(12345);
  for (int position = 1; position <= 33; position++)
    ck_assert_int_eq(eta_of(store, 7 + position), (position * 12345 + 6) / 7);
  CHECK_FLOW(store, 1000.0 * 7 / 12345);
  qk_close(store);
}
END_TEST

START_TEST(the_outflow_is_that_of_the_last_sixty_seconds)
{
  qk_policy policy = flow_policy(4);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 20);
  advance_to(999);
  TICK_ADMITS(store, 4);
  policy.max_active = 7;
  SET_POLICY(store, &policy);
  advance_to(1000);
  TICK_ADMITS(store, 3);
  advance_to(59999);
  CHECK_FLOW(store, 1000.0 * 7 / 59999);
  advance_to(60000);
  CHECK_FLOW(store, 0.05);
  ck_assert_int_eq(eta_of(store, 8), 20000);
  advance_to(60999);
  CHECK_FLOW(store, 0.05);
  advance_to(61000);
  CHECK_FLOW(store, -1);
  ck_assert_int_eq(eta_of(store, 8), -1);
  qk_close(store);
}
END_TEST

START_TEST(the_span_is_never_more_than_a_minute)
{
  qk_policy policy = flow_policy(0);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 9);
  advance_to(12345678);
  policy.max_active = 5;
  SET_POLICY(store, &policy);
  TICK_ADMITS(store, 5);
  ck_assert_int_eq(eta_of(store, 6), 12000);
  ck_assert_int_eq(eta_of(store, 9), 48000);
  CHECK_FLOW(store, 5.0 / 60);
  qk_close(store);
}
END_TEST

START_TEST(a_line_that_is_held_has_no_expected_wait)
{
  static const struct {
    uint32_t mode;
    int64_t eta_ms;
  } cases[] = {{QK_MODE_OPEN, 2000},
               {QK_MODE_HOLD, -1},
               {QK_MODE_DRAIN, 2000},
               {QK_MODE_CLOSED, -1},
               {QK_MODE_BYPASS, 2000}};
  qk_store *store = open_flowing(5, 6);
  advance_to(10000);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    SET_MODE(store, cases[i].mode);
    ck_assert_int_eq(eta_of(store, 6), cases[i].eta_ms);
    CHECK_FLOW(store, 0.5);
  }
  qk_close(store);
}
END_TEST

START_TEST(every_kind_of_admission_counts_as_outflow)
{
  qk_policy policy = flow_policy(2);
  policy.eager = 1;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 9); /* two by enter */
  RELEASE(store, "u1");     /* two by release */
  RELEASE(store, "u2");
  policy.max_active = 3;
  SET_POLICY(store, &policy);
  TICK_ADMITS(store, 1);
  SET_MODE(store, QK_MODE_BYPASS);
  ENTER(store, "u7");
  ENTER(store, "new");
  SET_MODE(store, QK_MODE_OPEN);
  ck_assert_uint_eq(STATS(store).admitted, 7);
  advance_to(14000);
  CHECK_FLOW(store, 0.5);
  qk_close(store);
}
END_TEST

START_TEST(who_leaves_again_was_let_in_all_the_same)
{
  qk_store *store = open_flowing(5, 12);
  for (int i = 1; i <= 5; i++)
    RELEASE(store, person(i));
  advance_to(10000);
  ck_assert_int_eq(eta_of(store, 8), 3 * 2000);
  RELEASE(store, "u6");
  ck_assert_int_eq(eta_of(store, 8), 2 * 2000);
  qk_close(store);
}
END_TEST

START_TEST(the_expected_wait_counts_the_lower_classes)
{
  qk_store *store = open_flowing(5, 6);
  advance_to(10000);
  ENTER_CLASS(store, "late", 4);
  ck_assert_int_eq(POLL(store, "late").eta_ms, 2 * 2000);
  ENTER_CLASS(store, "vip", 0);
  ck_assert_int_eq(POLL(store, "late").eta_ms, 3 * 2000);
  qk_close(store);
}
END_TEST

START_TEST(the_outflow_runs_on_logical_time)
{
  qk_policy policy = flow_policy(5);
  policy.clock_step_ms = 1000;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 6);
  TICK_ADMITS(store, 5);
  for (int i = 0; i < 9; i++) {
    fixture_advance(3600000);
    TICK(store);
  }
  CHECK_FLOW(store, -1);
  fixture_advance(3600000);
  CHECK_FLOW(store, 0.5);
  ck_assert_int_eq(eta_of(store, 6), 2000);
  qk_close(store);
}
END_TEST

START_TEST(the_cursor_shows_the_same_outflow)
{
  qk_options options;
  fixture_options(&options);
  options.cursor_ms = 0;
  qk_store *store = fixture_open(&options);
  qk_policy policy = flow_policy(7);
  SET_POLICY(store, &policy);
  enter_crowd(store, 1, 9);
  qk_cursor cursor;
  CHECK_OK(qk_get_cursor(store, HALL, &cursor));
  ck_assert(fabs(cursor.outflow_per_s + 1) < 1e-9);
  TICK_ADMITS(store, 7);
  advance_to(34567);
  CHECK_OK(qk_get_cursor(store, HALL, &cursor));
  ck_assert(fabs(cursor.outflow_per_s - STATS(store).outflow_per_s) < 1e-9);
  ck_assert(fabs(cursor.outflow_per_s - 1000.0 * 7 / 34567) < 1e-9);
  qk_close(store);
}
END_TEST

/* ---- poll_after_ms ------------------------------------------------------------------------------- */

enum { NEAR_LOW = 850, NEAR_HIGH = 1150, FAR_LOW = 25500, FAR_HIGH = 34500 };

static uint32_t poll_after(qk_store *store, int number)
{
  qk_ticket ticket;
  CHECK_OK(qk_poll(store, HALL, person(number), &ticket));
  ck_assert_int_eq(ticket.state, QK_WAITING);
  return ticket.poll_after_ms;
}

static uint32_t mean_poll_after(qk_store *store, int first, int last)
{
  uint64_t sum = 0;
  for (int i = first; i <= last; i++)
    sum += poll_after(store, i);
  return (uint32_t)(sum / (uint64_t)(last - first + 1));
}

START_TEST(the_head_polls_about_once_a_second)
{
  qk_store *store = open_flowing(100, 101);
  for (int64_t second = 10; second < 50; second++) {
    advance_to(second * 1000);
    uint32_t after_ms = poll_after(store, 101);
    ck_assert_uint_ge(after_ms, NEAR_LOW);
    ck_assert_uint_le(after_ms, NEAR_HIGH);
  }
  qk_close(store);
}
END_TEST

START_TEST(far_back_people_poll_about_each_thirty_seconds)
{
  qk_store *store = open_flowing(2, 1200);
  advance_to(10000);
  uint32_t least_ms = UINT32_MAX, most_ms = 0;
  for (int i = 1001; i <= 1200; i++) {
    uint32_t after_ms = poll_after(store, i);
    least_ms = after_ms < least_ms ? after_ms : least_ms;
    most_ms = after_ms > most_ms ? after_ms : most_ms;
  }
  ck_assert_uint_ge(least_ms, FAR_LOW);
  ck_assert_uint_le(most_ms, FAR_HIGH);
  ck_assert_msg(most_ms - least_ms > 2000, "all come back together, %u to %u ms from now", least_ms, most_ms);
  uint32_t mean_ms = mean_poll_after(store, 1001, 1200);
  ck_assert_msg(mean_ms > 27000 && mean_ms < 33000, "the mean is %u ms", mean_ms);
  qk_close(store);
}
END_TEST

START_TEST(poll_after_grows_with_the_expected_wait)
{
  static const int bands[][2] = {{101, 120}, {150, 169}, {200, 239}, {300, 339}, {420, 459}, {1400, 1459}};
  qk_store *store = open_flowing(100, 1500);
  advance_to(10000);
  uint32_t first_ms = 0, before_ms = 0;
  for (size_t i = 0; i < sizeof bands / sizeof bands[0]; i++) {
    uint32_t mean_ms = mean_poll_after(store, bands[i][0], bands[i][1]);
    first_ms = i ? first_ms : mean_ms;
    ck_assert_msg(mean_ms * 11 / 10 >= before_ms, "person %d polls each %u ms, who is before each %u ms",
                  bands[i][0], mean_ms, before_ms);
    before_ms = mean_ms;
  }
  ck_assert_uint_gt(before_ms, 10 * first_ms);
  qk_close(store);
}
END_TEST

START_TEST(poll_after_is_in_bounds_while_the_outflow_is_unknown)
{
  qk_policy policy = flow_policy(0);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 2000);
  for (int i = 1; i <= 2000; i += 13) {
    uint32_t after_ms = poll_after(store, i);
    ck_assert_uint_ge(after_ms, NEAR_LOW);
    ck_assert_uint_le(after_ms, FAR_HIGH);
  }
  qk_close(store);
}
END_TEST

static void check_idle_bound(uint32_t idle_ms)
{
  qk_policy policy = flow_policy(2);
  policy.idle_ms = idle_ms;
  fixture_now_ms = FIXTURE_START;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 800);
  TICK_ADMITS(store, 2);
  for (int64_t at_ms = 0; at_ms <= 12000; at_ms += 1500) {
    advance_to(at_ms);
    for (int i = 3; i <= 800; i += 7)
      ck_assert_uint_le(poll_after(store, i), idle_ms / 3);
  }
  qk_close(store);
}

START_TEST(poll_after_never_exceeds_a_third_of_idle_ms)
{
  check_idle_bound(3000);
  check_idle_bound(3001);
  check_idle_bound(10000);
  check_idle_bound(80000);
}
END_TEST

START_TEST(people_inside_need_not_poll)
{
  qk_store *store = open_flowing(2, 3);
  ck_assert_uint_eq(POLL(store, "u1").poll_after_ms, 0);
  ck_assert_uint_eq(ACTIVATE(store, "u2").poll_after_ms, 0);
  ck_assert_uint_eq(RELEASE(store, "u1").poll_after_ms, 0);
  ck_assert_uint_gt(POLL(store, "u3").poll_after_ms, 0);
  qk_close(store);
}
END_TEST

START_TEST(poll_after_changes_with_the_second_alone)
{
  qk_store *store = open_flowing(2, 1000);
  int changes = 0;
  for (int64_t second = 10; second < 30; second++) {
    advance_to(second * 1000);
    uint32_t first_ms = poll_after(store, 1000);
    advance_to(second * 1000 + 999);
    ck_assert_uint_eq(poll_after(store, 1000), first_ms);
    advance_to(second * 1000 + 1000);
    changes += poll_after(store, 1000) != first_ms;
  }
  ck_assert_int_ge(changes, 15);
  qk_close(store);
}
END_TEST

START_TEST(a_refused_person_comes_back_in_bounds)
{
  qk_policy policy = flow_policy(0);
  policy.max_waiting = 50;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 50);
  ck_assert_uint_le(REFUSED(qk_enter, store, "full", QK_EFULL).poll_after_ms, FAR_HIGH);
  SET_MODE(store, QK_MODE_CLOSED);
  ck_assert_uint_le(REFUSED(qk_enter, store, "shut", QK_ECLOSED).poll_after_ms, FAR_HIGH);
  qk_close(store);
}
END_TEST

enum { TRACE_STEPS = 600 };

/* Every ticket of a trace of enters, polls, releases and ticks. */
static void run_trace(qk_ticket *tickets)
{
  static verb_function *const verbs[] = {qk_enter, qk_poll, qk_poll, qk_activate, qk_release};
  qk_policy policy = flow_policy(8);
  policy.eager = 1;
  policy.rate = 3;
  policy.max_waiting = 20;
  fixture_now_ms = FIXTURE_START;
  qk_store *store = open_hall(&policy);
  uint32_t random = 7;
  memset(tickets, 0, TRACE_STEPS * sizeof *tickets);
  for (int i = 0; i < TRACE_STEPS; i++) {
    random = random * 1664525 + 1013904223;
    fixture_advance((random >> 22) % 200);
    if ((random >> 16) % 6 == 5)
      TICK(store);
    else
      (void)verbs[(random >> 16) % 6](store, HALL, person((int)((random >> 8) % 60)), &tickets[i]);
  }
  qk_close(store);
}

START_TEST(the_same_trace_gives_the_same_answers)
{
  static qk_ticket first[TRACE_STEPS], second[TRACE_STEPS];
  run_trace(first);
  run_trace(second);
  int waiting = 0;
  for (int i = 0; i < TRACE_STEPS; i++) {
    CHECK_SAME_TICKET(&first[i], &second[i]);
    waiting += first[i].state == QK_WAITING;
  }
  ck_assert_int_gt(waiting, 50);
}
END_TEST

void add_eta_tests(TCase *tests)
{
  tcase_add_test(tests, nothing_is_known_in_the_first_ten_seconds);
  tcase_add_test(tests, nothing_is_known_while_nobody_is_admitted);
  tcase_add_test(tests, the_wait_is_the_place_over_the_outflow_rounded_up);
  tcase_add_test(tests, the_outflow_is_that_of_the_last_sixty_seconds);
  tcase_add_test(tests, the_span_is_never_more_than_a_minute);
  tcase_add_test(tests, a_line_that_is_held_has_no_expected_wait);
  tcase_add_test(tests, every_kind_of_admission_counts_as_outflow);
  tcase_add_test(tests, who_leaves_again_was_let_in_all_the_same);
  tcase_add_test(tests, the_expected_wait_counts_the_lower_classes);
  tcase_add_test(tests, the_outflow_runs_on_logical_time);
  tcase_add_test(tests, the_cursor_shows_the_same_outflow);
  tcase_add_test(tests, the_head_polls_about_once_a_second);
  tcase_add_test(tests, far_back_people_poll_about_each_thirty_seconds);
  tcase_add_test(tests, poll_after_grows_with_the_expected_wait);
  tcase_add_test(tests, poll_after_is_in_bounds_while_the_outflow_is_unknown);
  tcase_add_test(tests, poll_after_never_exceeds_a_third_of_idle_ms);
  tcase_add_test(tests, people_inside_need_not_poll);
  tcase_add_test(tests, poll_after_changes_with_the_second_alone);
  tcase_add_test(tests, a_refused_person_comes_back_in_bounds);
  tcase_add_test(tests, the_same_trace_gives_the_same_answers);
}
