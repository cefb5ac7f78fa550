/* api.md, "Ticks": reports, budgets, and when to call again. */
#include <string.h>
#include "conformance.h"
#include "helpers.h"

/* Another host's leases, told polls and the like live on real time; these tests have one host and the
 * fixture's clock. */
static qk_store *open_budgeted(uint32_t budget, const qk_policy *policy)
{
  qk_options options;
  fixture_options(&options);
  options.tick_budget = budget;
  qk_store *store = fixture_open(&options);
  SET_POLICY(store, policy);
  return store;
}

/* ---- The report ---------------------------------------------------------------------------------- */

START_TEST(a_tick_of_an_unknown_queue_finds_nothing_and_makes_nothing)
{
  qk_store *store = fixture_open(NULL);
  qk_tick_report report, zero;
  memset(&report, 0xaa, sizeof report);
  memset(&zero, 0, sizeof zero);
  CHECK_CODE(qk_tick(store, "nowhere", &report), QK_ENOTFOUND);
  ck_assert(memcmp(&report, &zero, sizeof report) == 0);
  CHECK_CODE(qk_tick(store, "nowhere", NULL), QK_ENOTFOUND);
  qk_stats stats;
  CHECK_CODE(qk_get_stats(store, "nowhere", &stats), QK_ENOTFOUND);
  qk_close(store);
}
END_TEST

START_TEST(a_tick_of_an_empty_queue_reports_nothing)
{
  qk_store *store = open_hall(NULL);
  qk_tick_report report = tick_moves_at(__LINE__, store, 0, 0, 0, 0);
  ck_assert_uint_eq(report.waiting + report.ready + report.active, 0);
  ck_assert_uint_eq(report.more, 0);
  ck_assert_uint_eq(report.next_ms, UINT32_MAX);
  qk_close(store);
}
END_TEST

START_TEST(a_report_shows_what_was_done_and_what_is_left)
{
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 7);
  TICK_ADMITS(store, 3);
  ACTIVATE(store, "u1");
  fixture_advance(30000);
  qk_tick_report report = tick_moves_at(__LINE__, store, 2, 0, 2, 0);
  ck_assert_uint_eq(report.waiting, 2);
  ck_assert_uint_eq(report.ready, 2);
  ck_assert_uint_eq(report.active, 1);
  fixture_advance(30000);
  report = tick_moves_at(__LINE__, store, 2, 0, 2, 1);
  ck_assert_uint_eq(report.waiting, 0);
  ck_assert_uint_eq(report.ready, 2);
  ck_assert_uint_eq(report.active, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_second_tick_at_once_does_nothing)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 5);
  qk_tick_report first = TICK_ADMITS(store, 2);
  qk_tick_report second = tick_moves_at(__LINE__, store, 0, 0, 0, 0);
  ck_assert_uint_eq(first.next_ms, second.next_ms);
  CHECK_COUNTS(store, 3, 2, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_tick_between_verbs_takes_nothing_from_anybody)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  TICK(store);
  ENTER(store, "ann");
  TICK(store);
  ACTIVATE(store, "ann");
  TICK(store);
  EXTEND(store, "ann");
  TICK(store);
  CHECK_STATE(store, "ann", QK_ACTIVE);
  RELEASE(store, "ann");
  TICK(store);
  ck_assert_int_eq(ENTER(store, "ann").fresh, 1);
  qk_close(store);
}
END_TEST

/* ---- next_ms ------------------------------------------------------------------------------------- */

START_TEST(next_is_the_next_deadline_of_a_seat)
{
  qk_store *store = open_hall(NULL);
  ADMIT(store, "ann");
  ck_assert_uint_eq(TICK(store).next_ms, 30000);
  fixture_advance(12345);
  ck_assert_uint_eq(TICK(store).next_ms, 30000 - 12345);
  ACTIVATE(store, "ann");
  ck_assert_uint_eq(TICK(store).next_ms, 60000);
  fixture_advance(59000);
  ADMIT(store, "bob");
  ck_assert_uint_eq(TICK(store).next_ms, 1000);
  EXTEND(store, "ann");
  ck_assert_uint_eq(TICK(store).next_ms, 30000);
  RELEASE(store, "bob");
  ck_assert_uint_eq(TICK(store).next_ms, 60000);
  RELEASE(store, "ann");
  ck_assert_uint_eq(TICK(store).next_ms, UINT32_MAX);
  qk_close(store);
}
END_TEST

START_TEST(next_is_the_next_idle_deadline)
{
  qk_policy policy = calm_policy();
  policy.max_active = 0;
  policy.idle_ms = 9000;
  qk_store *store = open_hall(&policy);
  ENTER_CLASS(store, "ann", 1);
  ck_assert_uint_eq(TICK(store).next_ms, 9000);
  fixture_advance(4000);
  ENTER_CLASS(store, "bob", 0);
  ck_assert_uint_eq(TICK(store).next_ms, 5000);
  POLL(store, "ann");
  fixture_advance(500);
  POLL(store, "bob");
  ck_assert_uint_eq(TICK(store).next_ms, 8500);
  RELEASE(store, "ann");
  ck_assert_uint_eq(TICK(store).next_ms, 9000);
  qk_close(store);
}
END_TEST

START_TEST(next_is_the_next_slot_where_the_rate_alone_blocks)
{
  qk_policy policy = calm_policy();
  policy.rate = 2;
  policy.rate_window_ms = 1000;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 9);
  ck_assert_uint_eq(TICK_ADMITS(store, 2).next_ms, 1019);
  fixture_advance(300);
  ck_assert_uint_eq(TICK_ADMITS(store, 0).next_ms, 719);
  fixture_advance(719);
  ck_assert_uint_eq(TICK_ADMITS(store, 2).next_ms, 1000); /* its slot began at 1,000 */
  qk_close(store);
}
END_TEST

START_TEST(next_is_when_the_window_admits_at_least_one)
{
  qk_policy policy = calm_policy();
  policy.rate = 3;
  policy.rate_window_ms = 1000;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 1);
  TICK_ADMITS(store, 1);
  fixture_advance(400);
  enter_crowd(store, 2, 9);
  ck_assert_uint_eq(TICK_ADMITS(store, 2).next_ms, 619);
  policy.rate = 2;
  SET_POLICY(store, &policy);
  ck_assert_uint_eq(TICK_ADMITS(store, 0).next_ms, 1019);
  qk_close(store);
}
END_TEST

START_TEST(the_rate_is_no_reason_to_call_again_if_something_else_blocks)
{
  qk_policy policy = calm_policy();
  policy.rate = 2;
  policy.rate_window_ms = 1000;
  policy.max_active = 3;
  qk_store *store = open_hall(&policy);
  ENTER(store, "u1");
  ENTER(store, "u2");
  ck_assert_uint_eq(TICK_ADMITS(store, 2).next_ms, 30000); /* nobody waits */
  ENTER(store, "u3");
  ck_assert_uint_eq(TICK(store).next_ms, 1019);
  policy.max_active = 2;
  SET_POLICY(store, &policy);
  ck_assert_uint_eq(TICK(store).next_ms, 30000); /* no seat */
  RELEASE(store, "u1");
  ck_assert_uint_eq(TICK(store).next_ms, 1019);
  SET_MODE(store, QK_MODE_HOLD);
  ck_assert_uint_eq(TICK(store).next_ms, 30000);
  SET_MODE(store, QK_MODE_CLOSED);
  ck_assert_uint_eq(TICK(store).next_ms, 30000);
  SET_MODE(store, QK_MODE_DRAIN);
  ck_assert_uint_eq(TICK(store).next_ms, 1019);
  qk_close(store);
}
END_TEST

START_TEST(next_is_at_most_the_step)
{
  qk_policy policy = calm_policy();
  policy.clock_step_ms = 60000;
  qk_store *store = open_hall(&policy);
  ck_assert_uint_eq(TICK(store).next_ms, 7500); /* a quarter of ready_ms */
  ADMIT(store, "ann");
  fixture_advance(7500);
  ck_assert_uint_eq(TICK(store).next_ms, 7500);
  for (int i = 0; i < 2; i++) {
    fixture_advance(7500);
    TICK(store);
  }
  fixture_advance(100);
  ck_assert_uint_eq(TICK(store).next_ms, 7400);
  qk_close(store);
}
END_TEST

START_TEST(a_dead_seat_is_swept_when_next_says_so)
{
  qk_policy policy = calm_policy();
  policy.idle_ms = 7000;
  policy.max_active = 1;
  policy.clock_step_ms = 60000;
  qk_store *store = open_hall(&policy);
  ADMIT(store, "ann");
  ENTER(store, "bob");
  uint64_t ended = 0;
  int64_t last_ms = 0;
  for (int i = 0; i < 100 && ended < 2; i++) {
    qk_tick_report report = TICK(store);
    ended += report.lapsed + report.dropped;
    if (report.lapsed + report.dropped)
      last_ms = fixture_now_ms - FIXTURE_START;
    fixture_advance(report.next_ms);
  }
  ck_assert_uint_eq(ended, 2);
  ck_assert_int_eq(last_ms, 30000);
  ck_assert_uint_eq(STATS(store).dropped, 1);
  qk_close(store);
}
END_TEST

/* ---- The budget ---------------------------------------------------------------------------------- */

START_TEST(a_budget_bounds_admission)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_budgeted(3, &policy);
  enter_crowd(store, 1, 9);
  ck_assert_uint_eq(TICK_ADMITS(store, 3).more, 1);
  CHECK_LINE(store, "u4 u5 u6 u7 u8 u9");
  ck_assert_uint_eq(TICK_ADMITS(store, 3).more, 1);
  ck_assert_uint_eq(TICK_ADMITS(store, 3).more, 0);
  ck_assert_uint_eq(TICK_ADMITS(store, 0).more, 0);
  qk_close(store);
}
END_TEST

START_TEST(more_means_work_that_this_tick_could_do)
{
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  qk_store *store = open_budgeted(3, &policy);
  enter_crowd(store, 1, 9);
  ck_assert_uint_eq(TICK_ADMITS(store, 3).more, 0); /* no seat is left */
  policy.max_active = 9;
  policy.rate = 6;
  SET_POLICY(store, &policy);
  ck_assert_uint_eq(TICK_ADMITS(store, 3).more, 0); /* the window is full */
  fixture_advance(1019);
  SET_MODE(store, QK_MODE_HOLD);
  ck_assert_uint_eq(TICK_ADMITS(store, 0).more, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_budget_bounds_bypass_too)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  qk_store *store = open_budgeted(4, &policy);
  enter_crowd(store, 1, 10);
  SET_MODE(store, QK_MODE_BYPASS);
  ck_assert_uint_eq(TICK_ADMITS(store, 4).more, 1);
  ck_assert_uint_eq(TICK_ADMITS(store, 4).more, 1);
  ck_assert_uint_eq(TICK_ADMITS(store, 2).more, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_budget_bounds_lapsed_and_expired_together)
{
  qk_policy policy = calm_policy();
  policy.ready_ms = 60000;
  qk_store *store = open_budgeted(3, &policy);
  for (int i = 1; i <= 8; i++)
    ENTER(store, person(i));
  while (TICK(store).more)
    continue;
  for (int i = 1; i <= 4; i++)
    ACTIVATE(store, person(i));
  fixture_advance(60000);
  for (int i = 0; i < 3; i++) {
    qk_tick_report report = TICK(store);
    ck_assert_uint_eq(report.lapsed + report.expired, i < 2 ? 3 : 2);
    ck_assert_uint_eq(report.more, i < 2);
  }
  ck_assert_uint_eq(STATS(store).lapsed, 4);
  ck_assert_uint_eq(STATS(store).expired, 4);
  qk_close(store);
}
END_TEST

START_TEST(what_is_over_goes_by_deadline_then_number)
{
  static const char *const order[] = {"lapsed u5", "expired u2", "expired u3", "expired u1", "expired u4"};
  qk_policy policy = calm_policy();
  struct trace trace;
  qk_options options;
  trace_options(&options, &trace);
  options.tick_budget = 1;
  qk_store *store = fixture_open(&options);
  SET_POLICY(store, &policy);
  enter_crowd(store, 1, 5);
  while (TICK(store).more)
    continue;
  fixture_advance(100);
  ACTIVATE(store, "u4"); /* until 60,100 */
  fixture_advance(100);
  policy.active_ms = 29900;
  SET_POLICY(store, &policy);
  ACTIVATE(store, "u3"); /* until 30,100 */
  ACTIVATE(store, "u2");
  fixture_advance(50);
  ACTIVATE(store, "u1"); /* until 30,150; u5 is still an offer until 30,000 */
  fixture_advance(100000);
  for (size_t i = 0; i < 5; i++) {
    trace.text[0] = '\0';
    ck_assert_uint_eq(TICK(store).more, i < 4);
    ck_assert_str_eq(trace.text, order[i]);
  }
  qk_close(store);
}
END_TEST

START_TEST(of_equal_deadlines_the_lowest_number_goes_first)
{
  qk_policy policy = calm_policy();
  policy.max_active = 13;
  policy.ready_ms = 60000;
  struct trace trace;
  qk_options options;
  trace_options(&options, &trace);
  options.tick_budget = 1;
  qk_store *store = fixture_open(&options);
  SET_POLICY(store, &policy);
  enter_crowd(store, 1, 13);
  while (TICK(store).more)
    continue;
  for (int i = 1; i <= 12; i++)
    if (i % 3)
      ACTIVATE(store, person(i * 5 % 13));
  fixture_advance(60000);
  trace.text[0] = '\0';
  while (TICK(store).more)
    continue;
  ck_assert_str_eq(trace.text,
                   "expired u1, lapsed u2, expired u3, lapsed u4, expired u5, lapsed u6, expired u7, "
                   "lapsed u8, expired u9, expired u10, expired u11, expired u12, lapsed u13");
  qk_close(store);
}
END_TEST

START_TEST(a_budget_counts_each_kind_by_itself)
{
  qk_policy policy = calm_policy();
  policy.max_active = 4;
  policy.idle_ms = 30000;
  qk_store *store = open_budgeted(2, &policy);
  enter_crowd(store, 1, 4);
  while (TICK(store).more)
    continue;
  enter_crowd(store, 5, 7);
  fixture_advance(10000);
  enter_crowd(store, 8, 12);
  fixture_advance(20000);
  policy.max_active = 10;
  SET_POLICY(store, &policy);
  /* Four offers are over, three people are idle, five wait. The idle head stops admission. */
  ck_assert_uint_eq(tick_moves_at(__LINE__, store, 0, 2, 2, 0).more, 1);
  ck_assert_uint_eq(tick_moves_at(__LINE__, store, 2, 1, 2, 0).more, 1);
  ck_assert_uint_eq(tick_moves_at(__LINE__, store, 2, 0, 0, 0).more, 1);
  ck_assert_uint_eq(tick_moves_at(__LINE__, store, 1, 0, 0, 0).more, 0);
  qk_close(store);
}
END_TEST

START_TEST(dead_seats_that_the_budget_left_are_still_taken)
{
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  qk_store *store = open_budgeted(1, &policy);
  enter_crowd(store, 1, 6);
  while (TICK(store).more)
    continue;
  fixture_advance(30000);
  for (int i = 0; i < 3; i++) {
    qk_tick_report report = tick_moves_at(__LINE__, store, 1, 0, 1, 0);
    ck_assert_uint_eq(report.ready, 3);
    ck_assert_uint_eq(report.more, i < 2);
  }
  CHECK_COUNTS(store, 0, 3, 0);
  qk_close(store);
}
END_TEST

/* ---- Every queue --------------------------------------------------------------------------------- */

static qk_tick_report tick_all(qk_store *store)
{
  qk_tick_report report;
  memset(&report, 0xaa, sizeof report);
  CHECK_OK(qk_tick(store, NULL, &report));
  ck_assert_uint_eq(report.skipped, 0);
  ck_assert_uint_eq(report.more, report.next_ms == 0);
  return report;
}

START_TEST(a_tick_of_no_queue_at_all_succeeds)
{
  qk_store *store = fixture_open(NULL);
  qk_tick_report report = tick_all(store);
  ck_assert_uint_eq(report.queues, 0);
  ck_assert_uint_eq(report.admitted, 0);
  ck_assert_uint_eq(report.next_ms, UINT32_MAX);
  CHECK_OK(qk_tick(store, NULL, NULL));
  qk_close(store);
}
END_TEST

START_TEST(a_tick_of_every_queue_adds_them_up)
{
  static const char *const queues[] = {"red", "green", "blue"};
  qk_store *store = fixture_open(NULL);
  for (int i = 0; i < 3; i++) {
    qk_policy policy = calm_policy();
    policy.max_active = (uint64_t)i + 1;
    policy.ready_ms = 40000 - 10000 * (uint32_t)i;
    CHECK_OK(qk_set_policy(store, queues[i], &policy, NULL));
    for (int j = 1; j <= 5; j++)
      CHECK_OK(qk_enter(store, queues[i], person(j), NULL));
  }
  qk_tick_report report = tick_all(store);
  ck_assert_uint_eq(report.queues, 3);
  ck_assert_uint_eq(report.admitted, 1 + 2 + 3);
  ck_assert_uint_eq(report.waiting, 4 + 3 + 2);
  ck_assert_uint_eq(report.ready, 6);
  ck_assert_uint_eq(report.next_ms, 20000);
  fixture_advance(30000);
  report = tick_all(store);
  ck_assert_uint_eq(report.lapsed, 2 + 3);
  ck_assert_uint_eq(report.admitted, 2 + 2);
  ck_assert_uint_eq(report.next_ms, 10000);
  qk_close(store);
}
END_TEST

START_TEST(a_budget_is_per_queue)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_budgeted(3, &policy);
  CHECK_OK(qk_set_policy(store, "garden", &policy, NULL));
  enter_crowd(store, 1, 5);
  for (int i = 1; i <= 3; i++)
    CHECK_OK(qk_enter(store, "garden", person(i), NULL));
  qk_tick_report report = tick_all(store);
  ck_assert_uint_eq(report.admitted, 6);
  ck_assert_uint_eq(report.more, 1);
  report = tick_all(store);
  ck_assert_uint_eq(report.admitted, 2);
  ck_assert_uint_eq(report.more, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_removed_queue_is_not_ticked)
{
  qk_store *store = open_hall(NULL);
  CHECK_OK(qk_set_mode(store, "garden", QK_MODE_OPEN));
  ck_assert_uint_eq(tick_all(store).queues, 2);
  CHECK_OK(qk_remove(store, HALL));
  ck_assert_uint_eq(tick_all(store).queues, 1);
  CHECK_CODE(qk_tick(store, HALL, NULL), QK_ENOTFOUND);
  qk_close(store);
}
END_TEST

START_TEST(one_tick_leaves_the_other_queues_alone)
{
  qk_store *store = open_hall(NULL);
  qk_policy policy = calm_policy();
  CHECK_OK(qk_set_policy(store, "garden", &policy, NULL));
  ENTER(store, "ann");
  CHECK_OK(qk_enter(store, "garden", "ann", NULL));
  tick_at(__LINE__, store, "garden");
  CHECK_STATE(store, "ann", QK_WAITING);
  ck_assert_uint_eq(stats_at(__LINE__, store, "garden").ready, 1);
  qk_close(store);
}
END_TEST

void add_tick_tests(TCase *tests)
{
  tcase_add_test(tests, a_tick_of_an_unknown_queue_finds_nothing_and_makes_nothing);
  tcase_add_test(tests, a_tick_of_an_empty_queue_reports_nothing);
  tcase_add_test(tests, a_report_shows_what_was_done_and_what_is_left);
  tcase_add_test(tests, a_second_tick_at_once_does_nothing);
  tcase_add_test(tests, a_tick_between_verbs_takes_nothing_from_anybody);
  tcase_add_test(tests, next_is_the_next_deadline_of_a_seat);
  tcase_add_test(tests, next_is_the_next_idle_deadline);
  tcase_add_test(tests, next_is_the_next_slot_where_the_rate_alone_blocks);
  tcase_add_test(tests, next_is_when_the_window_admits_at_least_one);
  tcase_add_test(tests, the_rate_is_no_reason_to_call_again_if_something_else_blocks);
  tcase_add_test(tests, next_is_at_most_the_step);
  tcase_add_test(tests, a_dead_seat_is_swept_when_next_says_so);
  tcase_add_test(tests, a_budget_bounds_admission);
  tcase_add_test(tests, more_means_work_that_this_tick_could_do);
  tcase_add_test(tests, a_budget_bounds_bypass_too);
  tcase_add_test(tests, a_budget_bounds_lapsed_and_expired_together);
  tcase_add_test(tests, what_is_over_goes_by_deadline_then_number);
  tcase_add_test(tests, of_equal_deadlines_the_lowest_number_goes_first);
  tcase_add_test(tests, a_budget_counts_each_kind_by_itself);
  tcase_add_test(tests, dead_seats_that_the_budget_left_are_still_taken);
  tcase_add_test(tests, a_tick_of_no_queue_at_all_succeeds);
  tcase_add_test(tests, a_tick_of_every_queue_adds_them_up);
  tcase_add_test(tests, a_budget_is_per_queue);
  tcase_add_test(tests, a_removed_queue_is_not_ticked);
  tcase_add_test(tests, one_tick_leaves_the_other_queues_alone);
}
