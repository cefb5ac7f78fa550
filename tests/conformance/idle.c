/* design.md, section 3: people who went away neither stall the line nor take seats. */
#include <string.h>
#include "conformance.h"
#include "helpers.h"

/* Nobody is admitted until a test gives seats. */
static qk_policy idle_policy(uint32_t idle_ms)
{
  qk_policy policy = calm_policy();
  policy.max_active = 0;
  policy.idle_ms = idle_ms;
  return policy;
}

static void set_idle(qk_store *store, qk_policy *policy, uint32_t idle_ms)
{
  policy->idle_ms = idle_ms;
  SET_POLICY(store, policy);
}

static void give_seats(qk_store *store, qk_policy *policy, uint64_t seats)
{
  policy->max_active = seats;
  SET_POLICY(store, policy);
}

/* ---- Who is dropped ------------------------------------------------------------------------------ */

START_TEST(who_has_not_polled_for_idle_ms_is_dropped)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(9999);
  TICK_DROPS(store, 0);
  fixture_advance(1);
  CHECK_LINE(store, "ann");
  TICK_DROPS(store, 1);
  CHECK_STATE(store, "ann", QK_NONE);
  ck_assert_uint_eq(STATS(store).dropped, 1);
  qk_close(store);
}
END_TEST

START_TEST(idle_0_drops_nobody)
{
  qk_policy policy = idle_policy(0);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 3);
  fixture_advance(INT64_C(400) * 86400000);
  TICK_DROPS(store, 0);
  CHECK_LINE(store, "u1 u2 u3");
  qk_close(store);
}
END_TEST

START_TEST(a_poll_starts_the_idle_time_anew)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  qk_ticket first = ENTER(store, "ann");
  for (int i = 0; i < 5; i++) {
    fixture_advance(9999);
    TICK_DROPS(store, 0);
    ck_assert_uint_eq(POLL(store, "ann").number, first.number);
  }
  fixture_advance(10000);
  TICK_DROPS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(an_enter_starts_the_idle_time_anew)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(6000);
  ck_assert_int_eq(ENTER(store, "ann").fresh, 0);
  fixture_advance(9999);
  TICK_DROPS(store, 0);
  fixture_advance(1);
  TICK_DROPS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(nothing_but_poll_and_enter_keeps_an_idle_place)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  qk_ticket page[1];
  ENTER(store, "ann");
  fixture_advance(9000);
  REFUSED(qk_activate, store, "ann", QK_ENOTREADY);
  REFUSED(qk_extend, store, "ann", QK_ENOTACTIVE);
  CHECK_CODE(qk_list(store, HALL, 0, 0, page, 1), 1);
  SET_MODE(store, QK_MODE_OPEN);
  SET_POLICY(store, &policy);
  TICK_DROPS(store, 0);
  fixture_advance(1000);
  TICK_DROPS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_poll_before_the_tick_keeps_the_place)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  qk_ticket ann = ENTER(store, "ann");
  ENTER(store, "bob");
  fixture_advance(25000);
  qk_ticket again = POLL(store, "ann");
  ck_assert_int_eq(again.state, QK_WAITING);
  ck_assert_uint_eq(again.number, ann.number);
  TICK_DROPS(store, 1);
  CHECK_LINE(store, "ann");
  fixture_advance(10000);
  TICK_DROPS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(an_enter_before_the_tick_keeps_the_place)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  qk_ticket ann = ENTER(store, "ann");
  ENTER(store, "bob");
  fixture_advance(25000);
  qk_ticket again = ENTER(store, "ann");
  ck_assert_int_eq(again.fresh, 0);
  ck_assert_uint_eq(again.number, ann.number);
  ck_assert_uint_eq(again.position, 1);
  TICK_DROPS(store, 1);
  CHECK_LINE(store, "ann");
  qk_close(store);
}
END_TEST

START_TEST(who_was_dropped_comes_back_at_the_end)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  qk_ticket first = ENTER(store, "ann");
  fixture_advance(5000);
  ENTER(store, "bob");
  fixture_advance(5000);
  TICK_DROPS(store, 1);
  qk_ticket again = ENTER(store, "ann");
  ck_assert_int_eq(again.fresh, 1);
  ck_assert_uint_gt(again.number, first.number);
  CHECK_LINE(store, "bob ann");
  qk_close(store);
}
END_TEST

START_TEST(who_leaves_before_the_tick_has_left)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(20000);
  RELEASE(store, "ann");
  TICK_DROPS(store, 0);
  ck_assert_uint_eq(STATS(store).left, 1);
  ck_assert_uint_eq(STATS(store).dropped, 0);
  qk_close(store);
}
END_TEST

START_TEST(nobody_inside_is_ever_idle)
{
  qk_policy policy = idle_policy(3000);
  policy.max_active = 2;
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "act");
  ADMIT(store, "rea");
  fixture_advance(29999);
  TICK_DROPS(store, 0);
  CHECK_COUNTS(store, 0, 1, 1);
  qk_close(store);
}
END_TEST

START_TEST(idle_people_are_dropped_in_every_mode)
{
  for (uint32_t mode = QK_MODE_OPEN; mode <= QK_MODE_BYPASS; mode++) {
    qk_policy policy = idle_policy(10000);
    qk_store *store = open_hall(&policy);
    ENTER(store, "ann");
    SET_MODE(store, mode);
    fixture_advance(10000);
    TICK_DROPS(store, 1);
    qk_close(store);
  }
}
END_TEST

/* ---- Who is not admitted ------------------------------------------------------------------------- */

START_TEST(idle_people_do_not_stall_the_line)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 5);
  fixture_advance(10000);
  POLL(store, "u3");
  POLL(store, "u5");
  give_seats(store, &policy, 1);
  tick_moves_at(__LINE__, store, 1, 3, 0, 0);
  CHECK_STATE(store, "u3", QK_READY);
  CHECK_LINE(store, "u5");
  qk_close(store);
}
END_TEST

START_TEST(an_eager_release_leaves_an_idle_head_to_the_tick)
{
  qk_policy policy = idle_policy(10000);
  policy.max_active = 1;
  policy.eager = 1;
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  ENTER(store, "bob");
  ENTER(store, "cid");
  fixture_advance(10000);
  POLL(store, "cid");
  RELEASE(store, "ann");
  CHECK_COUNTS(store, 2, 0, 0);
  CHECK_LINE(store, "bob cid");
  tick_moves_at(__LINE__, store, 1, 1, 0, 0);
  CHECK_STATE(store, "cid", QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(an_eager_release_admits_a_head_that_polled_in_time)
{
  qk_policy policy = idle_policy(10000);
  policy.max_active = 1;
  policy.eager = 1;
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  ENTER(store, "bob");
  fixture_advance(9999);
  RELEASE(store, "ann");
  CHECK_STATE(store, "bob", QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(an_idle_person_still_stands_before_a_newcomer)
{
  qk_policy policy = idle_policy(10000);
  policy.eager = 1;
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(10000);
  give_seats(store, &policy, 1);
  qk_ticket bob = ENTER(store, "bob");
  ck_assert_int_eq(bob.state, QK_WAITING);
  ck_assert_uint_eq(bob.position, 2);
  tick_moves_at(__LINE__, store, 1, 1, 0, 0);
  CHECK_STATE(store, "bob", QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(bypass_admits_no_idle_person_at_a_tick)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 4);
  fixture_advance(10000);
  POLL(store, "u2");
  SET_MODE(store, QK_MODE_BYPASS);
  tick_moves_at(__LINE__, store, 1, 3, 0, 0);
  CHECK_STATE(store, "u2", QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(bypass_admits_an_idle_person_who_comes_back_in_time)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  qk_ticket ann = ENTER(store, "ann");
  fixture_advance(10000);
  SET_MODE(store, QK_MODE_BYPASS);
  qk_ticket again = ENTER(store, "ann");
  ck_assert_int_eq(again.state, QK_READY);
  ck_assert_uint_eq(again.number, ann.number);
  qk_close(store);
}
END_TEST

/* ---- idle_ms that changes ------------------------------------------------------------------------ */

START_TEST(idle_switched_on_counts_from_that_moment)
{
  qk_policy policy = idle_policy(0);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 20);
  fixture_advance(86400000);
  set_idle(store, &policy, 10000);
  TICK_DROPS(store, 0);
  fixture_advance(4000);
  POLL(store, "u7");
  ENTER(store, "new");
  fixture_advance(5999);
  TICK_DROPS(store, 0);
  fixture_advance(1);
  TICK_DROPS(store, 19);
  CHECK_LINE(store, "u7 new");
  fixture_advance(4000);
  TICK_DROPS(store, 2);
  qk_close(store);
}
END_TEST

START_TEST(idle_lowered_counts_from_that_moment)
{
  qk_policy policy = idle_policy(20000);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(15000);
  ENTER(store, "bob");
  set_idle(store, &policy, 10000);
  fixture_advance(9999);
  TICK_DROPS(store, 0);
  fixture_advance(1);
  TICK_DROPS(store, 2);
  qk_close(store);
}
END_TEST

START_TEST(idle_raised_counts_from_the_last_poll)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(5000);
  ENTER(store, "bob");
  set_idle(store, &policy, 20000);
  fixture_advance(14999);
  TICK_DROPS(store, 0);
  fixture_advance(1);
  TICK_DROPS(store, 1);
  CHECK_LINE(store, "bob");
  qk_close(store);
}
END_TEST

START_TEST(idle_raised_in_time_saves_whom_no_tick_has_dropped)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(12000);
  set_idle(store, &policy, 20000);
  TICK_DROPS(store, 0);
  fixture_advance(7999);
  TICK_DROPS(store, 0);
  fixture_advance(1);
  TICK_DROPS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(idle_switched_off_saves_everybody)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 3);
  fixture_advance(12000);
  set_idle(store, &policy, 0);
  fixture_advance(86400000);
  TICK_DROPS(store, 0);
  set_idle(store, &policy, 10000);
  fixture_advance(9999);
  TICK_DROPS(store, 0);
  fixture_advance(1);
  TICK_DROPS(store, 3);
  qk_close(store);
}
END_TEST

START_TEST(the_same_idle_set_again_saves_nobody)
{
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(9000);
  policy.ready_ms = 20000;
  SET_POLICY(store, &policy);
  fixture_advance(1000);
  TICK_DROPS(store, 1);
  qk_close(store);
}
END_TEST

/* ---- The order of drops -------------------------------------------------------------------------- */

static qk_store *open_traced(struct trace *trace, uint32_t budget, const qk_policy *policy)
{
  qk_options options;
  trace_options(&options, trace);
  options.tick_budget = budget;
  qk_store *store = fixture_open(&options);
  SET_POLICY(store, policy);
  return store;
}

static void check_trace_of_tick(int line, qk_store *store, struct trace *trace, const char *want,
                                uint32_t more)
{
  trace->text[0] = '\0';
  qk_tick_report report = tick_at(line, store, HALL);
  ck_assert_msg(strcmp(trace->text, want) == 0, "line %d: \"%s\", not \"%s\"", line, trace->text, want);
  ck_assert_msg(report.more == more, "line %d: more is %u", line, report.more);
}

#define CHECK_TICK(store, trace, want, more) check_trace_of_tick(__LINE__, store, trace, want, more)

START_TEST(budgeted_drops_go_by_last_poll_then_number)
{
  struct trace trace;
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_traced(&trace, 1, &policy);
  ENTER_CLASS(store, "a", 0);
  ENTER_CLASS(store, "b", 7);
  ENTER_CLASS(store, "c", 3);
  ENTER_CLASS(store, "d", 0);
  ENTER_CLASS(store, "e", 7);
  fixture_advance(100);
  POLL(store, "a");
  fixture_advance(100);
  POLL(store, "b");
  fixture_advance(20000);
  CHECK_TICK(store, &trace, "dropped c", 1);
  CHECK_TICK(store, &trace, "dropped d", 1);
  CHECK_TICK(store, &trace, "dropped e", 1);
  CHECK_TICK(store, &trace, "dropped a", 1);
  CHECK_TICK(store, &trace, "dropped b", 0);
  qk_close(store);
}
END_TEST

START_TEST(whoever_counts_as_polled_at_a_change_goes_by_number)
{
  struct trace trace;
  qk_policy policy = idle_policy(20000);
  qk_store *store = open_traced(&trace, 2, &policy);
  ENTER_CLASS(store, "a", 5);
  ENTER_CLASS(store, "b", 1);
  ENTER_CLASS(store, "c", 5);
  fixture_advance(1000);
  POLL(store, "a");
  fixture_advance(1000);
  POLL(store, "b");
  fixture_advance(1000);
  set_idle(store, &policy, 5000);
  fixture_advance(1000);
  ENTER_CLASS(store, "d", 0);
  POLL(store, "b");
  fixture_advance(10000);
  CHECK_TICK(store, &trace, "dropped a, dropped c", 1);
  CHECK_TICK(store, &trace, "dropped b, dropped d", 0);
  qk_close(store);
}
END_TEST

START_TEST(an_idle_person_whom_the_budget_left_stops_admission)
{
  struct trace trace;
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_traced(&trace, 3, &policy);
  enter_crowd(store, 1, 6);
  fixture_advance(10000);
  POLL(store, "u1");
  POLL(store, "u6");
  give_seats(store, &policy, 10);
  CHECK_TICK(store, &trace, "dropped u2, dropped u3, dropped u4, admitted u1", 1);
  CHECK_TICK(store, &trace, "dropped u5, admitted u6", 0);
  qk_close(store);
}
END_TEST

START_TEST(an_idle_person_further_back_stops_nobody_before)
{
  struct trace trace;
  qk_policy policy = idle_policy(10000);
  qk_store *store = open_traced(&trace, 1, &policy);
  enter_crowd(store, 1, 5);
  fixture_advance(10000);
  for (int i = 1; i <= 3; i++)
    POLL(store, person(i));
  give_seats(store, &policy, 10);
  CHECK_TICK(store, &trace, "dropped u4, admitted u1", 1);
  CHECK_TICK(store, &trace, "dropped u5, admitted u2", 1);
  CHECK_TICK(store, &trace, "admitted u3", 0);
  qk_close(store);
}
END_TEST

void add_idle_tests(TCase *tests)
{
  tcase_add_test(tests, who_has_not_polled_for_idle_ms_is_dropped);
  tcase_add_test(tests, idle_0_drops_nobody);
  tcase_add_test(tests, a_poll_starts_the_idle_time_anew);
  tcase_add_test(tests, an_enter_starts_the_idle_time_anew);
  tcase_add_test(tests, nothing_but_poll_and_enter_keeps_an_idle_place);
  tcase_add_test(tests, a_poll_before_the_tick_keeps_the_place);
  tcase_add_test(tests, an_enter_before_the_tick_keeps_the_place);
  tcase_add_test(tests, who_was_dropped_comes_back_at_the_end);
  tcase_add_test(tests, who_leaves_before_the_tick_has_left);
  tcase_add_test(tests, nobody_inside_is_ever_idle);
  tcase_add_test(tests, idle_people_are_dropped_in_every_mode);
  tcase_add_test(tests, idle_people_do_not_stall_the_line);
  tcase_add_test(tests, an_eager_release_leaves_an_idle_head_to_the_tick);
  tcase_add_test(tests, an_eager_release_admits_a_head_that_polled_in_time);
  tcase_add_test(tests, an_idle_person_still_stands_before_a_newcomer);
  tcase_add_test(tests, bypass_admits_no_idle_person_at_a_tick);
  tcase_add_test(tests, bypass_admits_an_idle_person_who_comes_back_in_time);
  tcase_add_test(tests, idle_switched_on_counts_from_that_moment);
  tcase_add_test(tests, idle_lowered_counts_from_that_moment);
  tcase_add_test(tests, idle_raised_counts_from_the_last_poll);
  tcase_add_test(tests, idle_raised_in_time_saves_whom_no_tick_has_dropped);
  tcase_add_test(tests, idle_switched_off_saves_everybody);
  tcase_add_test(tests, the_same_idle_set_again_saves_nobody);
  tcase_add_test(tests, budgeted_drops_go_by_last_poll_then_number);
  tcase_add_test(tests, whoever_counts_as_polled_at_a_change_goes_by_number);
  tcase_add_test(tests, an_idle_person_whom_the_budget_left_stops_admission);
  tcase_add_test(tests, an_idle_person_further_back_stops_nobody_before);
}
