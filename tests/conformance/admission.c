/* design.md, section 4: seats, order, and a policy that changes in the middle. */
#include "conformance.h"
#include "helpers.h"

/* ---- Seats --------------------------------------------------------------------------------------- */

START_TEST(a_tick_fills_the_seats_and_no_more)
{
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 8);
  TICK_ADMITS(store, 3);
  TICK_ADMITS(store, 0);
  CHECK_COUNTS(store, 5, 3, 0);
  CHECK_LINE(store, "u4 u5 u6 u7 u8");
  qk_close(store);
}
END_TEST

START_TEST(ready_and_active_both_hold_a_seat)
{
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 8);
  TICK_ADMITS(store, 3);
  ACTIVATE(store, "u2");
  TICK_ADMITS(store, 0);
  RELEASE(store, "u1");
  TICK_ADMITS(store, 1);
  RELEASE(store, "u2");
  TICK_ADMITS(store, 1);
  CHECK_COUNTS(store, 3, 3, 0);
  qk_close(store);
}
END_TEST

START_TEST(no_seats_admit_nobody)
{
  qk_policy policy = calm_policy();
  policy.max_active = 0;
  policy.eager = 1;
  qk_store *store = open_hall(&policy);
  ck_assert_int_eq(ENTER(store, "ann").state, QK_WAITING);
  qk_tick_report report = TICK_ADMITS(store, 0);
  ck_assert_uint_eq(report.more, 0);
  policy.max_active = 1;
  SET_POLICY(store, &policy);
  TICK_ADMITS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(lowered_seats_throw_nobody_out)
{
  qk_policy policy = calm_policy();
  policy.max_active = 6;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 10);
  TICK_ADMITS(store, 6);
  for (int i = 1; i <= 3; i++)
    ACTIVATE(store, person(i));
  policy.max_active = 4;
  SET_POLICY(store, &policy);
  CHECK_COUNTS(store, 4, 3, 3);
  for (int i = 1; i <= 2; i++) {
    RELEASE(store, person(i));
    TICK_ADMITS(store, 0);
  }
  RELEASE(store, "u3");
  TICK_ADMITS(store, 1);
  CHECK_COUNTS(store, 3, 4, 0);
  qk_close(store);
}
END_TEST

START_TEST(raised_seats_fill_at_the_next_tick)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 10);
  TICK_ADMITS(store, 2);
  policy.max_active = 7;
  SET_POLICY(store, &policy);
  CHECK_COUNTS(store, 8, 2, 0);
  TICK_ADMITS(store, 5);
  qk_close(store);
}
END_TEST

START_TEST(a_lapsed_offer_goes_to_the_next_in_line)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 3);
  TICK_ADMITS(store, 1);
  fixture_advance(30000);
  tick_moves_at(__LINE__, store, 1, 0, 1, 0);
  CHECK_STATE(store, "u1", QK_NONE);
  CHECK_STATE(store, "u2", QK_READY);
  CHECK_POSITION(store, "u3", 1);
  qk_close(store);
}
END_TEST

/* ---- Order --------------------------------------------------------------------------------------- */

START_TEST(one_class_is_first_in_first_out)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 20);
  for (int i = 1; i <= 20; i++) {
    TICK_ADMITS(store, 1);
    CHECK_STATE(store, person(i), QK_READY);
    RELEASE(store, person(i));
  }
  qk_close(store);
}
END_TEST

START_TEST(a_lower_class_goes_first)
{
  qk_policy policy = calm_policy();
  policy.max_active = 4;
  qk_store *store = open_hall(&policy);
  ENTER_CLASS(store, "g1", 7);
  ENTER_CLASS(store, "e1", 3);
  ENTER_CLASS(store, "g2", 7);
  ENTER_CLASS(store, "a1", 0);
  ENTER_CLASS(store, "e2", 3);
  ENTER_CLASS(store, "a2", 0);
  CHECK_LINE(store, "a1 a2 e1 e2 g1 g2");
  TICK_ADMITS(store, 4);
  CHECK_LINE(store, "g1 g2");
  qk_close(store);
}
END_TEST

START_TEST(each_of_the_eight_classes_has_its_place)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  qk_store *store = open_hall(&policy);
  for (uint32_t cls = 8; cls-- > 0;)
    ENTER_CLASS(store, person((int)cls), cls);
  CHECK_LINE(store, "u0 u1 u2 u3 u4 u5 u6 u7");
  for (int i = 0; i < 8; i++) {
    TICK_ADMITS(store, 1);
    ck_assert_uint_eq(RELEASE(store, person(i)).cls, (uint32_t)i);
  }
  qk_close(store);
}
END_TEST

START_TEST(a_position_counts_all_lower_classes)
{
  qk_store *store = open_hall(NULL);
  ck_assert_uint_eq(ENTER_CLASS(store, "late", 5).position, 1);
  ck_assert_uint_eq(ENTER_CLASS(store, "soon", 1).position, 1);
  ck_assert_uint_eq(ENTER_CLASS(store, "next", 1).position, 2);
  ck_assert_uint_eq(ENTER_CLASS(store, "last", 5).position, 4);
  CHECK_POSITION(store, "late", 3);
  RELEASE(store, "soon");
  CHECK_POSITION(store, "next", 1);
  CHECK_POSITION(store, "late", 2);
  CHECK_POSITION(store, "last", 3);
  qk_close(store);
}
END_TEST

START_TEST(a_position_only_falls_within_one_class)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 6);
  CHECK_POSITION(store, "u6", 6);
  RELEASE(store, "u3");
  CHECK_POSITION(store, "u6", 5);
  TICK_ADMITS(store, 1);
  CHECK_POSITION(store, "u6", 4);
  ENTER(store, "u3");
  CHECK_POSITION(store, "u6", 4);
  RELEASE(store, "u1");
  TICK_ADMITS(store, 1);
  CHECK_POSITION(store, "u6", 3);
  CHECK_LINE(store, "u4 u5 u6 u3");
  qk_close(store);
}
END_TEST

START_TEST(who_stands_behind_never_changes_a_position)
{
  qk_store *store = open_hall(NULL);
  enter_crowd(store, 1, 3);
  enter_crowd(store, 4, 9);
  CHECK_POSITION(store, "u3", 3);
  for (int i = 4; i <= 9; i++)
    RELEASE(store, person(i));
  CHECK_POSITION(store, "u3", 3);
  qk_close(store);
}
END_TEST

/* ---- A full line --------------------------------------------------------------------------------- */

START_TEST(a_full_line_refuses_new_people)
{
  qk_policy policy = calm_policy();
  policy.max_waiting = 2;
  policy.max_active = 1;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 2);
  qk_ticket refused = REFUSED(qk_enter, store, "u3", QK_EFULL);
  ck_assert_uint_eq(refused.waiting, 2);
  ck_assert_int_eq(ENTER(store, "u1").fresh, 0);
  TICK_ADMITS(store, 1);
  ck_assert_int_eq(ENTER(store, "u3").fresh, 1);
  REFUSED(qk_enter, store, "u4", QK_EFULL);
  ck_assert_int_eq(ENTER(store, "u1").state, QK_READY);
  CHECK_LINE(store, "u2 u3");
  qk_close(store);
}
END_TEST

START_TEST(max_waiting_counts_all_classes_together)
{
  qk_policy policy = calm_policy();
  policy.max_waiting = 3;
  qk_store *store = open_hall(&policy);
  for (uint32_t cls = 5; cls < 8; cls++)
    ENTER_CLASS(store, person((int)cls), cls);
  enter_class_at(__LINE__, store, HALL, "vip", 0, QK_EFULL);
  RELEASE(store, "u7");
  ck_assert_uint_eq(ENTER_CLASS(store, "vip", 0).position, 1);
  qk_close(store);
}
END_TEST

START_TEST(lowered_max_waiting_removes_nobody)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 5);
  policy.max_waiting = 2;
  SET_POLICY(store, &policy);
  CHECK_LINE(store, "u1 u2 u3 u4 u5");
  REFUSED(qk_enter, store, "u6", QK_EFULL);
  for (int i = 1; i <= 3; i++)
    RELEASE(store, person(i));
  REFUSED(qk_enter, store, "u6", QK_EFULL);
  RELEASE(store, "u4");
  ENTER(store, "u6");
  CHECK_LINE(store, "u5 u6");
  qk_close(store);
}
END_TEST

/* ---- A policy that changes in the middle --------------------------------------------------------- */

START_TEST(a_new_ready_ms_leaves_old_offers_alone)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_hall(&policy);
  qk_ticket ann = ADMIT(store, "ann");
  policy.ready_ms = 1000;
  SET_POLICY(store, &policy);
  qk_ticket bob = ADMIT(store, "bob");
  ck_assert_int_eq(POLL(store, "ann").expires_at_ms, ann.expires_at_ms);
  ck_assert_int_eq(bob.expires_at_ms, FIXTURE_START + 1000);
  policy.ready_ms = 90000;
  SET_POLICY(store, &policy);
  fixture_advance(1000);
  TICK_LAPSES(store, 1);
  CHECK_STATE(store, "bob", QK_NONE);
  fixture_advance(29000);
  TICK_LAPSES(store, 1);
  CHECK_STATE(store, "ann", QK_NONE);
  qk_close(store);
}
END_TEST

START_TEST(a_new_active_ms_leaves_old_stays_alone)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_hall(&policy);
  qk_ticket ann = ADMIT_ACTIVE(store, "ann");
  ADMIT(store, "bob");
  policy.active_ms = 1000;
  SET_POLICY(store, &policy);
  ck_assert_int_eq(POLL(store, "ann").expires_at_ms, ann.expires_at_ms);
  ck_assert_int_eq(ACTIVATE(store, "ann").expires_at_ms, ann.expires_at_ms);
  ck_assert_int_eq(ACTIVATE(store, "bob").expires_at_ms, FIXTURE_START + 1000);
  qk_close(store);
}
END_TEST

START_TEST(extend_never_sets_an_earlier_end)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_hall(&policy);
  qk_ticket ann = ADMIT_ACTIVE(store, "ann");
  policy.active_ms = 1000;
  SET_POLICY(store, &policy);
  fixture_advance(100);
  qk_ticket extended = EXTEND(store, "ann");
  ck_assert_uint_eq(extended.extends, 1);
  ck_assert_int_eq(extended.expires_at_ms, ann.expires_at_ms);
  fixture_advance(59500);
  qk_ticket late = EXTEND(store, "ann");
  ck_assert_uint_eq(late.extends, 2);
  ck_assert_int_eq(late.expires_at_ms, fixture_now_ms + 1000);
  qk_close(store);
}
END_TEST

START_TEST(extend_uses_the_present_active_ms)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "ann");
  policy.active_ms = 500000;
  SET_POLICY(store, &policy);
  fixture_advance(10);
  ck_assert_int_eq(EXTEND(store, "ann").expires_at_ms, FIXTURE_START + 10 + 500000);
  qk_close(store);
}
END_TEST

START_TEST(a_new_max_extends_counts_the_extensions_already_made)
{
  qk_policy policy = calm_policy();
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "ann");
  EXTEND(store, "ann");
  EXTEND(store, "ann");
  policy.max_extends = 1;
  SET_POLICY(store, &policy);
  ck_assert_uint_eq(REFUSED(qk_extend, store, "ann", QK_ELIMIT).extends, 2);
  policy.max_extends = 3;
  SET_POLICY(store, &policy);
  ck_assert_uint_eq(EXTEND(store, "ann").extends, 3);
  REFUSED(qk_extend, store, "ann", QK_ELIMIT);
  qk_close(store);
}
END_TEST

void add_admission_tests(TCase *tests)
{
  tcase_add_test(tests, a_tick_fills_the_seats_and_no_more);
  tcase_add_test(tests, ready_and_active_both_hold_a_seat);
  tcase_add_test(tests, no_seats_admit_nobody);
  tcase_add_test(tests, lowered_seats_throw_nobody_out);
  tcase_add_test(tests, raised_seats_fill_at_the_next_tick);
  tcase_add_test(tests, a_lapsed_offer_goes_to_the_next_in_line);
  tcase_add_test(tests, one_class_is_first_in_first_out);
  tcase_add_test(tests, a_lower_class_goes_first);
  tcase_add_test(tests, each_of_the_eight_classes_has_its_place);
  tcase_add_test(tests, a_position_counts_all_lower_classes);
  tcase_add_test(tests, a_position_only_falls_within_one_class);
  tcase_add_test(tests, who_stands_behind_never_changes_a_position);
  tcase_add_test(tests, a_full_line_refuses_new_people);
  tcase_add_test(tests, max_waiting_counts_all_classes_together);
  tcase_add_test(tests, lowered_max_waiting_removes_nobody);
  tcase_add_test(tests, a_new_ready_ms_leaves_old_offers_alone);
  tcase_add_test(tests, a_new_active_ms_leaves_old_stays_alone);
  tcase_add_test(tests, extend_never_sets_an_earlier_end);
  tcase_add_test(tests, extend_uses_the_present_active_ms);
  tcase_add_test(tests, a_new_max_extends_counts_the_extensions_already_made);
}
