/* design.md, section 4, mode: what each of the five lets through. */
#include "conformance.h"
#include "helpers.h"

static const uint32_t modes[] = {QK_MODE_OPEN, QK_MODE_HOLD, QK_MODE_DRAIN, QK_MODE_CLOSED, QK_MODE_BYPASS};

enum { MODES = sizeof modes / sizeof modes[0] };

/* act is ACTIVE, rea READY, wai WAITING, and a seat is free. */
static qk_store *open_in_mode(uint32_t mode)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  policy.max_extends = 10;
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "act");
  ADMIT(store, "rea");
  ENTER(store, "wai");
  policy.max_active = 3;
  SET_POLICY(store, &policy);
  SET_MODE(store, mode);
  return store;
}

/* ---- Each mode with each verb -------------------------------------------------------------------- */

START_TEST(new_people_enter_as_the_mode_says)
{
  static const int codes[] = {QK_OK, QK_OK, QK_ECLOSED, QK_ECLOSED, QK_OK};
  static const int32_t states[] = {QK_WAITING, QK_WAITING, QK_NONE, QK_NONE, QK_READY};
  for (int i = 0; i < MODES; i++) {
    qk_store *store = open_in_mode(modes[i]);
    qk_ticket ticket = verb_at(__LINE__, qk_enter, store, HALL, "new", codes[i]);
    ck_assert_int_eq(ticket.state, states[i]);
    ck_assert_int_eq(ticket.fresh, codes[i] == QK_OK);
    ck_assert_uint_eq(ticket.waiting, states[i] == QK_WAITING ? 2 : 1);
    qk_close(store);
  }
}
END_TEST

START_TEST(a_tick_admits_as_the_mode_says)
{
  static const uint64_t admitted[] = {1, 0, 1, 0, 1};
  for (int i = 0; i < MODES; i++) {
    qk_store *store = open_in_mode(modes[i]);
    qk_tick_report report = TICK_ADMITS(store, admitted[i]);
    ck_assert_uint_eq(report.more, 0);
    qk_close(store);
  }
}
END_TEST

START_TEST(whoever_is_here_polls_in_every_mode)
{
  for (int i = 0; i < MODES; i++) {
    qk_store *store = open_in_mode(modes[i]);
    CHECK_STATE(store, "wai", QK_WAITING);
    CHECK_STATE(store, "rea", QK_READY);
    CHECK_STATE(store, "act", QK_ACTIVE);
    CHECK_STATE(store, "non", QK_NONE);
    CHECK_COUNTS(store, 1, 1, 1);
    qk_close(store);
  }
}
END_TEST

START_TEST(whoever_is_inside_stays_in_every_mode)
{
  for (int i = 0; i < MODES; i++) {
    qk_store *store = open_in_mode(modes[i]);
    ck_assert_int_eq(ENTER(store, "rea").state, QK_READY);
    ck_assert_int_eq(ENTER(store, "act").state, QK_ACTIVE);
    ck_assert_int_eq(ACTIVATE(store, "rea").state, QK_ACTIVE);
    fixture_advance(1000);
    ck_assert_int_eq(EXTEND(store, "act").expires_at_ms, fixture_now_ms + 60000);
    REFUSED(qk_activate, store, "wai", QK_ENOTREADY);
    CHECK_COUNTS(store, 1, 0, 2);
    qk_close(store);
  }
}
END_TEST

START_TEST(whoever_waits_keeps_the_place_in_every_mode_but_bypass)
{
  static const int32_t states[] = {QK_WAITING, QK_WAITING, QK_WAITING, QK_WAITING, QK_READY};
  for (int i = 0; i < MODES; i++) {
    qk_store *store = open_in_mode(modes[i]);
    qk_ticket before = POLL(store, "wai");
    qk_ticket again = ENTER(store, "wai");
    ck_assert_int_eq(again.state, states[i]);
    ck_assert_int_eq(again.fresh, 0);
    ck_assert_uint_eq(again.number, before.number);
    qk_close(store);
  }
}
END_TEST

START_TEST(whoever_wants_to_leave_may_in_every_mode)
{
  for (int i = 0; i < MODES; i++) {
    qk_store *store = open_in_mode(modes[i]);
    RELEASE(store, "wai");
    RELEASE(store, "rea");
    RELEASE(store, "act");
    CHECK_COUNTS(store, 0, 0, 0);
    qk_stats stats = STATS(store);
    ck_assert_uint_eq(stats.left, 2);
    ck_assert_uint_eq(stats.completed, 1);
    qk_close(store);
  }
}
END_TEST

START_TEST(a_tick_sweeps_in_every_mode)
{
  static const uint64_t admitted[] = {1, 0, 1, 0, 1};
  for (int i = 0; i < MODES; i++) {
    qk_store *store = open_in_mode(modes[i]);
    fixture_advance(60000);
    tick_moves_at(__LINE__, store, admitted[i], 0, 1, 1);
    qk_close(store);
  }
}
END_TEST

START_TEST(a_held_line_moves_on_when_the_hold_ends)
{
  qk_store *store = open_hall(NULL);
  SET_MODE(store, QK_MODE_HOLD);
  enter_crowd(store, 1, 5);
  TICK_ADMITS(store, 0);
  SET_MODE(store, QK_MODE_OPEN);
  CHECK_COUNTS(store, 5, 0, 0);
  TICK_ADMITS(store, 5);
  qk_close(store);
}
END_TEST

START_TEST(a_drained_line_empties_in_order)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 5);
  SET_MODE(store, QK_MODE_DRAIN);
  TICK_ADMITS(store, 2);
  CHECK_LINE(store, "u3 u4 u5");
  RELEASE(store, "u3");
  REFUSED(qk_enter, store, "u3", QK_ECLOSED);
  RELEASE(store, "u1");
  RELEASE(store, "u2");
  TICK_ADMITS(store, 2);
  CHECK_COUNTS(store, 0, 2, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_closed_queue_opens_with_its_line)
{
  qk_store *store = open_hall(NULL);
  enter_crowd(store, 1, 3);
  SET_MODE(store, QK_MODE_CLOSED);
  fixture_advance(3600000);
  TICK_ADMITS(store, 0);
  CHECK_LINE(store, "u1 u2 u3");
  SET_MODE(store, QK_MODE_OPEN);
  ENTER(store, "u4");
  TICK_ADMITS(store, 4);
  qk_close(store);
}
END_TEST

/* ---- BYPASS -------------------------------------------------------------------------------------- */

/* Nothing but BYPASS lets anybody in: no seat, a spent rate, a full line, no eager. */
static qk_store *open_barred(void)
{
  qk_policy policy = calm_policy();
  policy.rate = 1;
  policy.rate_window_ms = 10000;
  policy.max_waiting = 4;
  qk_store *store = open_hall(&policy);
  ADMIT(store, "first");
  policy.max_active = 0;
  SET_POLICY(store, &policy);
  enter_crowd(store, 1, 4);
  REFUSED(qk_enter, store, "new", QK_EFULL);
  SET_MODE(store, QK_MODE_BYPASS);
  return store;
}

START_TEST(bypass_lets_a_newcomer_in_whatever_the_limits)
{
  qk_store *store = open_barred();
  qk_ticket ticket = ENTER(store, "new");
  ck_assert_int_eq(ticket.state, QK_READY);
  ck_assert_int_eq(ticket.fresh, 1);
  ck_assert_int_eq(ticket.expires_at_ms, fixture_now_ms + 30000);
  CHECK_COUNTS(store, 4, 2, 0);
  CHECK_LINE(store, "u1 u2 u3 u4");
  qk_close(store);
}
END_TEST

START_TEST(bypass_lets_who_waits_in_at_the_next_enter)
{
  qk_store *store = open_barred();
  qk_ticket waiting = POLL(store, "u3");
  ck_assert_int_eq(waiting.state, QK_WAITING);
  qk_ticket ready = ENTER(store, "u3");
  ck_assert_int_eq(ready.state, QK_READY);
  ck_assert_int_eq(ready.fresh, 0);
  ck_assert_uint_eq(ready.number, waiting.number);
  CHECK_LINE(store, "u1 u2 u4");
  CHECK_POSITION(store, "u4", 3);
  qk_close(store);
}
END_TEST

START_TEST(bypass_lets_the_whole_line_in_at_a_tick)
{
  qk_store *store = open_barred();
  qk_tick_report report = TICK_ADMITS(store, 4);
  ck_assert_uint_eq(report.more, 0);
  CHECK_COUNTS(store, 0, 5, 0);
  qk_close(store);
}
END_TEST

START_TEST(bypass_counts_in_everything)
{
  qk_store *store = open_barred();
  ENTER(store, "new");
  ENTER(store, "u2");
  TICK_ADMITS(store, 3);
  qk_stats stats = STATS(store);
  ck_assert_uint_eq(stats.entered, 6);
  ck_assert_uint_eq(stats.admitted, 6);
  ck_assert_uint_eq(stats.ready, 6);
  qk_close(store);
}
END_TEST

START_TEST(after_bypass_nobody_is_thrown_out)
{
  qk_store *store = open_barred();
  TICK_ADMITS(store, 4);
  SET_MODE(store, QK_MODE_OPEN);
  TICK_ADMITS(store, 0);
  CHECK_COUNTS(store, 0, 5, 0);
  for (int i = 1; i <= 4; i++)
    ck_assert_int_eq(ACTIVATE(store, person(i)).state, QK_ACTIVE);
  qk_close(store);
}
END_TEST

START_TEST(after_bypass_admission_waits_for_a_seat)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  qk_store *store = open_hall(&policy);
  SET_MODE(store, QK_MODE_BYPASS);
  enter_crowd(store, 1, 4);
  SET_MODE(store, QK_MODE_OPEN);
  enter_crowd(store, 5, 6);
  for (int i = 1; i <= 2; i++) {
    RELEASE(store, person(i));
    TICK_ADMITS(store, 0);
  }
  RELEASE(store, "u3");
  TICK_ADMITS(store, 1);
  CHECK_COUNTS(store, 1, 2, 0);
  qk_close(store);
}
END_TEST

START_TEST(after_bypass_admission_waits_for_the_window)
{
  qk_policy policy = calm_policy();
  policy.max_active = 100;
  policy.rate = 3;
  policy.rate_window_ms = 1000;
  qk_store *store = open_hall(&policy);
  SET_MODE(store, QK_MODE_BYPASS);
  enter_crowd(store, 1, 8);
  SET_MODE(store, QK_MODE_OPEN);
  enter_crowd(store, 9, 20);
  TICK_ADMITS(store, 0);
  fixture_advance(1018);
  TICK_ADMITS(store, 0);
  fixture_advance(1);
  TICK_ADMITS(store, 3);
  qk_close(store);
}
END_TEST

START_TEST(bypass_admits_by_class_and_number)
{
  qk_policy policy = calm_policy();
  policy.ready_ms = 60000;
  policy.max_active = 0;
  qk_options options;
  fixture_options(&options);
  options.tick_budget = 2;
  qk_store *store = fixture_open(&options);
  SET_POLICY(store, &policy);
  ENTER_CLASS(store, "late", 6);
  ENTER_CLASS(store, "mid", 2);
  ENTER_CLASS(store, "soon", 0);
  ENTER_CLASS(store, "next", 2);
  SET_MODE(store, QK_MODE_BYPASS);
  ck_assert_uint_eq(TICK_ADMITS(store, 2).more, 1);
  CHECK_LINE(store, "next late");
  ck_assert_uint_eq(TICK_ADMITS(store, 2).more, 0);
  qk_close(store);
}
END_TEST

void add_mode_tests(TCase *tests)
{
  tcase_add_test(tests, new_people_enter_as_the_mode_says);
  tcase_add_test(tests, a_tick_admits_as_the_mode_says);
  tcase_add_test(tests, whoever_is_here_polls_in_every_mode);
  tcase_add_test(tests, whoever_is_inside_stays_in_every_mode);
  tcase_add_test(tests, whoever_waits_keeps_the_place_in_every_mode_but_bypass);
  tcase_add_test(tests, whoever_wants_to_leave_may_in_every_mode);
  tcase_add_test(tests, a_tick_sweeps_in_every_mode);
  tcase_add_test(tests, a_held_line_moves_on_when_the_hold_ends);
  tcase_add_test(tests, a_drained_line_empties_in_order);
  tcase_add_test(tests, a_closed_queue_opens_with_its_line);
  tcase_add_test(tests, bypass_lets_a_newcomer_in_whatever_the_limits);
  tcase_add_test(tests, bypass_lets_who_waits_in_at_the_next_enter);
  tcase_add_test(tests, bypass_lets_the_whole_line_in_at_a_tick);
  tcase_add_test(tests, bypass_counts_in_everything);
  tcase_add_test(tests, after_bypass_nobody_is_thrown_out);
  tcase_add_test(tests, after_bypass_admission_waits_for_a_seat);
  tcase_add_test(tests, after_bypass_admission_waits_for_the_window);
  tcase_add_test(tests, bypass_admits_by_class_and_number);
}
