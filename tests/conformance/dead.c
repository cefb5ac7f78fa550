/* design.md, section 3: time that is up is up, and only a tick sweeps. */
#include "conformance.h"
#include "helpers.h"

/* A hall whose only seat was ann's until just now; nothing has swept it. */
static qk_store *open_with_dead_seat(const qk_policy *base, int32_t state)
{
  qk_policy policy = base ? *base : calm_policy();
  policy.max_active = 1;
  qk_store *store = open_hall(&policy);
  admit_at(__LINE__, store, "ann", state);
  fixture_advance(state == QK_READY ? 30000 : 60000);
  return store;
}

START_TEST(a_lapsed_offer_is_nobody_to_every_verb)
{
  qk_store *store = open_with_dead_seat(NULL, QK_READY);
  REFUSED(qk_poll, store, "ann", QK_ENOTFOUND);
  REFUSED(qk_activate, store, "ann", QK_ENOTFOUND);
  REFUSED(qk_extend, store, "ann", QK_ENOTFOUND);
  REFUSED(qk_release, store, "ann", QK_ENOTFOUND);
  CHECK_COUNTS(store, 0, 1, 0);
  qk_close(store);
}
END_TEST

START_TEST(an_expired_stay_is_nobody_to_every_verb)
{
  qk_store *store = open_with_dead_seat(NULL, QK_ACTIVE);
  REFUSED(qk_poll, store, "ann", QK_ENOTFOUND);
  REFUSED(qk_activate, store, "ann", QK_ENOTFOUND);
  REFUSED(qk_extend, store, "ann", QK_ENOTFOUND);
  REFUSED(qk_release, store, "ann", QK_ENOTFOUND);
  CHECK_COUNTS(store, 0, 0, 1);
  qk_close(store);
}
END_TEST

START_TEST(only_a_tick_sweeps)
{
  qk_store *store = open_with_dead_seat(NULL, QK_READY);
  fixture_advance(3600000);
  ENTER(store, "bob");
  POLL(store, "bob");
  RELEASE(store, "bob");
  SET_MODE(store, QK_MODE_HOLD);
  qk_policy policy = calm_policy();
  SET_POLICY(store, &policy);
  qk_stats before = STATS(store);
  ck_assert_uint_eq(before.ready, 1);
  ck_assert_uint_eq(before.lapsed, 0);
  TICK_LAPSES(store, 1);
  qk_stats after = STATS(store);
  ck_assert_uint_eq(after.ready, 0);
  ck_assert_uint_eq(after.lapsed, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_dead_seat_counts_as_taken_until_it_is_swept)
{
  qk_policy policy = calm_policy();
  policy.eager = 1;
  qk_store *store = open_with_dead_seat(&policy, QK_ACTIVE);
  ck_assert_int_eq(ENTER(store, "bob").state, QK_WAITING);
  CHECK_COUNTS(store, 1, 0, 1);
  tick_moves_at(__LINE__, store, 1, 0, 0, 1);
  CHECK_STATE(store, "bob", QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(a_tick_sweeps_before_it_admits)
{
  qk_policy policy = calm_policy();
  policy.max_active = 3;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 6);
  TICK_ADMITS(store, 3);
  fixture_advance(30000);
  qk_tick_report report = tick_moves_at(__LINE__, store, 3, 0, 3, 0);
  ck_assert_uint_eq(report.waiting, 0);
  ck_assert_uint_eq(report.ready, 3);
  CHECK_STATE(store, "u3", QK_NONE);
  CHECK_STATE(store, "u4", QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(enter_after_a_lapse_counts_the_old_entry_and_makes_a_new_one)
{
  qk_store *store = open_with_dead_seat(NULL, QK_READY);
  uint64_t old = STATS(store).last_number;
  qk_ticket again = ENTER(store, "ann");
  ck_assert_int_eq(again.fresh, 1);
  ck_assert_int_eq(again.state, QK_WAITING);
  ck_assert_uint_gt(again.number, old);
  qk_stats stats = STATS(store);
  ck_assert_uint_eq(stats.entered, 2);
  ck_assert_uint_eq(stats.lapsed, 1);
  ck_assert_uint_eq(stats.ready, 0);
  TICK_ADMITS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(enter_after_an_expiry_counts_the_old_entry_and_makes_a_new_one)
{
  qk_store *store = open_hall(NULL);
  qk_ticket old = ADMIT_ACTIVE(store, "ann");
  EXTEND(store, "ann");
  fixture_advance(60000);
  qk_ticket again = ENTER_CLASS(store, "ann", 4);
  ck_assert_int_eq(again.fresh, 1);
  ck_assert_uint_eq(again.cls, 4);
  ck_assert_uint_eq(again.extends, 0);
  ck_assert_uint_gt(again.number, old.number);
  qk_stats stats = STATS(store);
  ck_assert_uint_eq(stats.expired, 1);
  ck_assert_uint_eq(stats.active, 0);
  TICK(store);
  ck_assert_uint_eq(ACTIVATE(store, "ann").extends, 0);
  qk_close(store);
}
END_TEST

START_TEST(enter_after_a_lapse_may_take_the_seat_that_it_freed)
{
  qk_policy policy = calm_policy();
  policy.eager = 1;
  qk_store *store = open_with_dead_seat(&policy, QK_READY);
  qk_ticket again = ENTER(store, "ann");
  ck_assert_int_eq(again.state, QK_READY);
  ck_assert_int_eq(again.fresh, 1);
  ck_assert_int_eq(again.expires_at_ms, fixture_now_ms + 30000);
  CHECK_COUNTS(store, 0, 1, 0);
  qk_close(store);
}
END_TEST

START_TEST(enter_after_a_lapse_stands_behind_those_who_wait)
{
  qk_policy policy = calm_policy();
  policy.eager = 1;
  qk_store *store = open_with_dead_seat(&policy, QK_READY);
  ENTER(store, "bob");
  qk_ticket again = ENTER(store, "ann");
  ck_assert_int_eq(again.state, QK_WAITING);
  ck_assert_uint_eq(again.position, 2);
  CHECK_COUNTS(store, 2, 0, 0);
  CHECK_LINE(store, "bob ann");
  qk_close(store);
}
END_TEST

START_TEST(a_closed_queue_leaves_an_own_dead_entry_to_the_tick)
{
  qk_store *store = open_with_dead_seat(NULL, QK_READY);
  SET_MODE(store, QK_MODE_CLOSED);
  REFUSED(qk_enter, store, "ann", QK_ECLOSED);
  qk_stats stats = STATS(store);
  ck_assert_uint_eq(stats.ready, 1);
  ck_assert_uint_eq(stats.lapsed, 0);
  TICK_LAPSES(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_full_queue_leaves_an_own_dead_entry_to_the_tick)
{
  qk_policy policy = calm_policy();
  policy.max_waiting = 1;
  qk_store *store = open_with_dead_seat(&policy, QK_ACTIVE);
  ENTER(store, "bob");
  qk_ticket refused = REFUSED(qk_enter, store, "ann", QK_EFULL);
  ck_assert_uint_eq(refused.waiting, 1);
  qk_stats stats = STATS(store);
  ck_assert_uint_eq(stats.active, 1);
  ck_assert_uint_eq(stats.expired, 0);
  TICK(store);
  ck_assert_uint_eq(STATS(store).expired, 1);
  qk_close(store);
}
END_TEST

START_TEST(release_of_a_dead_seat_admits_nobody)
{
  qk_policy policy = calm_policy();
  policy.eager = 1;
  qk_store *store = open_with_dead_seat(&policy, QK_ACTIVE);
  ENTER(store, "bob");
  REFUSED(qk_release, store, "ann", QK_ENOTFOUND);
  CHECK_STATE(store, "bob", QK_WAITING);
  CHECK_COUNTS(store, 1, 0, 1);
  qk_close(store);
}
END_TEST

void add_dead_tests(TCase *tests)
{
  tcase_add_test(tests, a_lapsed_offer_is_nobody_to_every_verb);
  tcase_add_test(tests, an_expired_stay_is_nobody_to_every_verb);
  tcase_add_test(tests, only_a_tick_sweeps);
  tcase_add_test(tests, a_dead_seat_counts_as_taken_until_it_is_swept);
  tcase_add_test(tests, a_tick_sweeps_before_it_admits);
  tcase_add_test(tests, enter_after_a_lapse_counts_the_old_entry_and_makes_a_new_one);
  tcase_add_test(tests, enter_after_an_expiry_counts_the_old_entry_and_makes_a_new_one);
  tcase_add_test(tests, enter_after_a_lapse_may_take_the_seat_that_it_freed);
  tcase_add_test(tests, enter_after_a_lapse_stands_behind_those_who_wait);
  tcase_add_test(tests, a_closed_queue_leaves_an_own_dead_entry_to_the_tick);
  tcase_add_test(tests, a_full_queue_leaves_an_own_dead_entry_to_the_tick);
  tcase_add_test(tests, release_of_a_dead_seat_admits_nobody);
}
