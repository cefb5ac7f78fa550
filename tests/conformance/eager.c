/* design.md, section 3: what an enter and a release admit in the same step. */
#include "conformance.h"
#include "helpers.h"

static qk_policy eager_policy(uint64_t seats)
{
  qk_policy policy = calm_policy();
  policy.eager = 1;
  policy.max_active = seats;
  return policy;
}

/* ---- An enter ------------------------------------------------------------------------------------ */

START_TEST(a_newcomer_to_an_empty_line_goes_straight_in)
{
  qk_policy policy = eager_policy(2);
  qk_store *store = open_hall(&policy);
  qk_ticket ann = ENTER(store, "ann");
  ck_assert_int_eq(ann.state, QK_READY);
  ck_assert_int_eq(ann.fresh, 1);
  ck_assert_int_eq(ann.expires_at_ms, FIXTURE_START + 30000);
  ck_assert_int_eq(ENTER(store, "bob").state, QK_READY);
  ck_assert_int_eq(ENTER(store, "cid").state, QK_WAITING);
  CHECK_COUNTS(store, 1, 2, 0);
  qk_close(store);
}
END_TEST

START_TEST(without_eager_a_newcomer_waits_for_a_tick)
{
  qk_store *store = open_hall(NULL);
  ck_assert_int_eq(ENTER(store, "ann").state, QK_WAITING);
  TICK_ADMITS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_newcomer_never_passes_somebody_who_waits)
{
  qk_policy policy = eager_policy(1);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  ENTER_CLASS(store, "bob", 7);
  policy.max_active = 5;
  SET_POLICY(store, &policy);
  ck_assert_int_eq(ENTER_CLASS(store, "cid", 7).state, QK_WAITING);
  ck_assert_int_eq(ENTER_CLASS(store, "dee", 0).state, QK_WAITING);
  CHECK_COUNTS(store, 3, 1, 0);
  qk_close(store);
}
END_TEST

START_TEST(an_enter_that_makes_no_entry_admits_nobody)
{
  qk_policy policy = eager_policy(0);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  policy.max_active = 5;
  SET_POLICY(store, &policy);
  qk_ticket again = ENTER(store, "ann");
  ck_assert_int_eq(again.state, QK_WAITING);
  ck_assert_int_eq(again.fresh, 0);
  TICK_ADMITS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(an_eager_enter_keeps_to_the_seats)
{
  qk_policy policy = eager_policy(1);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  ACTIVATE(store, "ann");
  ck_assert_int_eq(ENTER(store, "bob").state, QK_WAITING);
  CHECK_COUNTS(store, 1, 0, 1);
  qk_close(store);
}
END_TEST

START_TEST(an_eager_enter_keeps_to_the_rate)
{
  qk_policy policy = eager_policy(10);
  policy.rate = 2;
  qk_store *store = open_hall(&policy);
  ck_assert_int_eq(ENTER(store, "ann").state, QK_READY);
  ck_assert_int_eq(ENTER(store, "bob").state, QK_READY);
  ck_assert_int_eq(ENTER(store, "cid").state, QK_WAITING);
  CHECK_COUNTS(store, 1, 2, 0);
  qk_close(store);
}
END_TEST

START_TEST(an_eager_enter_keeps_to_hold)
{
  qk_policy policy = eager_policy(10);
  qk_store *store = open_hall(&policy);
  SET_MODE(store, QK_MODE_HOLD);
  ck_assert_int_eq(ENTER(store, "ann").state, QK_WAITING);
  SET_MODE(store, QK_MODE_OPEN);
  CHECK_STATE(store, "ann", QK_WAITING);
  qk_close(store);
}
END_TEST

START_TEST(an_eager_newcomer_may_have_any_class)
{
  qk_policy policy = eager_policy(8);
  qk_store *store = open_hall(&policy);
  for (uint32_t cls = 0; cls < 8; cls++) {
    qk_ticket ticket = ENTER_CLASS(store, person((int)cls), 7 - cls);
    ck_assert_int_eq(ticket.state, QK_READY);
    ck_assert_uint_eq(ticket.cls, 7 - cls);
  }
  qk_close(store);
}
END_TEST

/* ---- A release ----------------------------------------------------------------------------------- */

START_TEST(a_release_admits_the_head)
{
  qk_policy policy = eager_policy(1);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  ENTER(store, "bob");
  ENTER(store, "cid");
  fixture_advance(250);
  qk_ticket gone = RELEASE(store, "ann");
  ck_assert_int_eq(gone.state, QK_NONE);
  qk_ticket bob = POLL(store, "bob");
  ck_assert_int_eq(bob.state, QK_READY);
  ck_assert_int_eq(bob.expires_at_ms, fixture_now_ms + 30000);
  CHECK_STATE(store, "cid", QK_WAITING);
  ACTIVATE(store, "bob");
  RELEASE(store, "bob");
  CHECK_STATE(store, "cid", QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(a_release_admits_the_lowest_class_first)
{
  qk_policy policy = eager_policy(1);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  ENTER_CLASS(store, "bob", 5);
  ENTER_CLASS(store, "cid", 2);
  ENTER_CLASS(store, "dee", 2);
  RELEASE(store, "ann");
  CHECK_STATE(store, "cid", QK_READY);
  CHECK_LINE(store, "dee bob");
  qk_close(store);
}
END_TEST

START_TEST(a_release_admits_one_even_if_more_seats_are_free)
{
  qk_policy policy = eager_policy(1);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  enter_crowd(store, 1, 5);
  policy.max_active = 10;
  SET_POLICY(store, &policy);
  RELEASE(store, "ann");
  CHECK_COUNTS(store, 4, 1, 0);
  CHECK_STATE(store, "u1", QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(leaving_the_line_admits_nobody)
{
  qk_policy policy = eager_policy(1);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  enter_crowd(store, 1, 3);
  policy.max_active = 5;
  SET_POLICY(store, &policy);
  RELEASE(store, "u1");
  RELEASE(store, "u3");
  CHECK_STATE(store, "u2", QK_WAITING);
  CHECK_COUNTS(store, 1, 1, 0);
  qk_close(store);
}
END_TEST

START_TEST(without_eager_a_release_admits_nobody)
{
  qk_policy policy = eager_policy(1);
  policy.eager = 0;
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "ann");
  ENTER(store, "bob");
  RELEASE(store, "ann");
  CHECK_STATE(store, "bob", QK_WAITING);
  CHECK_COUNTS(store, 1, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(an_eager_release_keeps_to_lowered_seats)
{
  qk_policy policy = eager_policy(3);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 4);
  policy.max_active = 2;
  SET_POLICY(store, &policy);
  RELEASE(store, "u1");
  CHECK_COUNTS(store, 1, 2, 0);
  RELEASE(store, "u2");
  CHECK_COUNTS(store, 0, 2, 0);
  qk_close(store);
}
END_TEST

START_TEST(an_eager_release_keeps_to_the_rate)
{
  qk_policy policy = eager_policy(10);
  policy.rate = 1;
  policy.rate_window_ms = 1000;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 3);
  fixture_advance(1018);
  RELEASE(store, "u1");
  CHECK_COUNTS(store, 2, 0, 0);
  TICK_ADMITS(store, 0);
  fixture_advance(1);
  TICK_ADMITS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(an_eager_release_keeps_to_the_mode)
{
  static const struct {
    uint32_t mode;
    int32_t head;
  } cases[] = {{QK_MODE_HOLD, QK_WAITING},
               {QK_MODE_CLOSED, QK_WAITING},
               {QK_MODE_DRAIN, QK_READY},
               {QK_MODE_OPEN, QK_READY},
               {QK_MODE_BYPASS, QK_READY}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    qk_policy policy = eager_policy(1);
    qk_store *store = open_hall(&policy);
    ENTER(store, "ann");
    ENTER(store, "bob");
    SET_MODE(store, cases[i].mode);
    RELEASE(store, "ann");
    CHECK_STATE(store, "bob", cases[i].head);
    qk_close(store);
  }
}
END_TEST

/* ---- Nothing else -------------------------------------------------------------------------------- */

START_TEST(nothing_but_enter_release_and_tick_admits)
{
  qk_policy policy = eager_policy(2);
  policy.max_extends = 9;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 4);
  policy.max_active = 10;
  SET_POLICY(store, &policy);
  SET_MODE(store, QK_MODE_HOLD);
  SET_MODE(store, QK_MODE_OPEN);
  POLL(store, "u1");
  ACTIVATE(store, "u1");
  EXTEND(store, "u1");
  POLL(store, "u3");
  REFUSED(qk_activate, store, "u3", QK_ENOTREADY);
  CHECK_COUNTS(store, 2, 1, 1);
  TICK_ADMITS(store, 2);
  qk_close(store);
}
END_TEST

START_TEST(eager_switched_on_works_from_that_moment)
{
  qk_policy policy = eager_policy(5);
  policy.eager = 0;
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  policy.eager = 1;
  SET_POLICY(store, &policy);
  CHECK_STATE(store, "ann", QK_WAITING);
  ck_assert_int_eq(ENTER(store, "bob").state, QK_WAITING);
  TICK_ADMITS(store, 2);
  ck_assert_int_eq(ENTER(store, "cid").state, QK_READY);
  policy.eager = 0;
  SET_POLICY(store, &policy);
  ck_assert_int_eq(ENTER(store, "dee").state, QK_WAITING);
  qk_close(store);
}
END_TEST

void add_eager_tests(TCase *tests)
{
  tcase_add_test(tests, a_newcomer_to_an_empty_line_goes_straight_in);
  tcase_add_test(tests, without_eager_a_newcomer_waits_for_a_tick);
  tcase_add_test(tests, a_newcomer_never_passes_somebody_who_waits);
  tcase_add_test(tests, an_enter_that_makes_no_entry_admits_nobody);
  tcase_add_test(tests, an_eager_enter_keeps_to_the_seats);
  tcase_add_test(tests, an_eager_enter_keeps_to_the_rate);
  tcase_add_test(tests, an_eager_enter_keeps_to_hold);
  tcase_add_test(tests, an_eager_newcomer_may_have_any_class);
  tcase_add_test(tests, a_release_admits_the_head);
  tcase_add_test(tests, a_release_admits_the_lowest_class_first);
  tcase_add_test(tests, a_release_admits_one_even_if_more_seats_are_free);
  tcase_add_test(tests, leaving_the_line_admits_nobody);
  tcase_add_test(tests, without_eager_a_release_admits_nobody);
  tcase_add_test(tests, an_eager_release_keeps_to_lowered_seats);
  tcase_add_test(tests, an_eager_release_keeps_to_the_rate);
  tcase_add_test(tests, an_eager_release_keeps_to_the_mode);
  tcase_add_test(tests, nothing_but_enter_release_and_tick_admits);
  tcase_add_test(tests, eager_switched_on_works_from_that_moment);
}
