/* design.md, section 3: the life of an entry. */
#include "conformance.h"
#include "helpers.h"

/* ---- enter --------------------------------------------------------------------------------------- */

START_TEST(enter_gives_the_next_place_in_line)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ann = ENTER(store, "ann");
  qk_ticket bob = ENTER(store, "bob");
  ck_assert_int_eq(ann.state, QK_WAITING);
  ck_assert_int_eq(ann.fresh, 1);
  ck_assert_uint_eq(ann.cls, 0);
  ck_assert_uint_eq(ann.position, 1);
  ck_assert_uint_eq(ann.waiting, 1);
  ck_assert_int_eq(bob.fresh, 1);
  ck_assert_uint_gt(bob.number, ann.number);
  ck_assert_uint_eq(bob.epoch, ann.epoch);
  ck_assert_uint_eq(bob.position, 2);
  ck_assert_uint_eq(bob.waiting, 2);
  qk_close(store);
}
END_TEST

START_TEST(enter_twice_keeps_the_place)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  qk_ticket first = ENTER(store, "bob");
  ENTER(store, "cid");
  fixture_advance(5000);
  qk_ticket again = ENTER(store, "bob");
  ck_assert_int_eq(again.fresh, 0);
  ck_assert_int_eq(again.state, QK_WAITING);
  ck_assert_uint_eq(again.number, first.number);
  ck_assert_uint_eq(again.epoch, first.epoch);
  ck_assert_uint_eq(again.position, 2);
  ck_assert_uint_eq(again.waiting, 3);
  CHECK_LINE(store, "ann bob cid");
  qk_close(store);
}
END_TEST

START_TEST(enter_with_another_class_keeps_the_place)
{
  qk_store *store = open_hall(NULL);
  ENTER_CLASS(store, "ann", 3);
  qk_ticket bob = ENTER_CLASS(store, "bob", 3);
  qk_ticket again = ENTER_CLASS(store, "bob", 0);
  ck_assert_int_eq(again.fresh, 0);
  ck_assert_uint_eq(again.cls, 3);
  ck_assert_uint_eq(again.number, bob.number);
  ck_assert_uint_eq(again.position, 2);
  CHECK_LINE(store, "ann bob");
  qk_close(store);
}
END_TEST

START_TEST(enter_while_ready_gives_the_same_offer_back)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ready = ADMIT(store, "ann");
  fixture_advance(29999);
  qk_ticket again = ENTER(store, "ann");
  ck_assert_int_eq(again.fresh, 0);
  CHECK_SAME_TICKET(&ready, &again);
  CHECK_COUNTS(store, 0, 1, 0);
  qk_close(store);
}
END_TEST

START_TEST(enter_while_active_gives_the_same_seat_back)
{
  qk_store *store = open_hall(NULL);
  ADMIT_ACTIVE(store, "ann");
  fixture_advance(1000);
  qk_ticket extended = EXTEND(store, "ann");
  fixture_advance(59999);
  qk_ticket again = ENTER(store, "ann");
  ck_assert_int_eq(again.fresh, 0);
  ck_assert_uint_eq(again.extends, 1);
  CHECK_SAME_TICKET(&extended, &again);
  CHECK_COUNTS(store, 0, 0, 1);
  qk_close(store);
}
END_TEST

static void check_refuses_only_new_people(uint32_t mode)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "cid");
  ADMIT(store, "bob");
  ENTER(store, "ann");
  SET_MODE(store, mode);
  qk_ticket refused = REFUSED(qk_enter, store, "new", QK_ECLOSED);
  ck_assert_uint_eq(refused.waiting, 1);
  ck_assert_int_eq(ENTER(store, "ann").state, QK_WAITING);
  ck_assert_int_eq(ENTER(store, "bob").state, QK_READY);
  ck_assert_int_eq(ENTER(store, "cid").state, QK_ACTIVE);
  CHECK_STATE(store, "new", QK_NONE);
  ck_assert_uint_eq(STATS(store).entered, 3);
  qk_close(store);
}

START_TEST(drain_refuses_only_new_people)
{
  check_refuses_only_new_people(QK_MODE_DRAIN);
}
END_TEST

START_TEST(closed_refuses_only_new_people)
{
  check_refuses_only_new_people(QK_MODE_CLOSED);
}
END_TEST

START_TEST(one_person_in_two_queues_has_two_places)
{
  qk_store *store = open_hall(NULL);
  qk_ticket here = ENTER(store, "ann");
  qk_ticket there = verb_at(__LINE__, qk_enter, store, "garden", "ann", QK_OK);
  ck_assert_int_eq(there.fresh, 1);
  ck_assert_uint_ne(there.epoch, here.epoch);
  RELEASE(store, "ann");
  CHECK_STATE(store, "ann", QK_NONE);
  verb_at(__LINE__, qk_poll, store, "garden", "ann", QK_OK);
  qk_close(store);
}
END_TEST

START_TEST(every_verb_works_without_a_ticket)
{
  qk_store *store = open_hall(NULL);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  CHECK_OK(qk_enter_class(store, HALL, "bob", 1, NULL));
  CHECK_OK(qk_poll(store, HALL, "ann", NULL));
  CHECK_CODE(qk_activate(store, HALL, "ann", NULL), QK_ENOTREADY);
  CHECK_OK(qk_tick(store, HALL, NULL));
  CHECK_OK(qk_activate(store, HALL, "ann", NULL));
  CHECK_OK(qk_extend(store, HALL, "ann", NULL));
  CHECK_OK(qk_release(store, HALL, "ann", NULL));
  CHECK_CODE(qk_poll(store, HALL, "ann", NULL), QK_ENOTFOUND);
  CHECK_COUNTS(store, 0, 1, 0);
  qk_close(store);
}
END_TEST

START_TEST(nobody_is_not_found_by_any_verb)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  REFUSED(qk_poll, store, "bob", QK_ENOTFOUND);
  REFUSED(qk_activate, store, "bob", QK_ENOTFOUND);
  REFUSED(qk_extend, store, "bob", QK_ENOTFOUND);
  REFUSED(qk_release, store, "bob", QK_ENOTFOUND);
  CHECK_COUNTS(store, 1, 0, 0);
  qk_close(store);
}
END_TEST

/* ---- READY --------------------------------------------------------------------------------------- */

START_TEST(a_tick_makes_the_head_ready_for_ready_ms)
{
  qk_store *store = open_hall(NULL);
  qk_ticket waiting = ENTER(store, "ann");
  fixture_advance(700);
  TICK_ADMITS(store, 1);
  qk_ticket ready = POLL(store, "ann");
  ck_assert_int_eq(ready.state, QK_READY);
  ck_assert_uint_eq(ready.number, waiting.number);
  ck_assert_uint_eq(ready.epoch, waiting.epoch);
  ck_assert_uint_eq(ready.waiting, 0);
  ck_assert_int_eq(ready.expires_at_ms, FIXTURE_START + 700 + 30000);
  qk_close(store);
}
END_TEST

START_TEST(ready_lapses_when_ready_ms_have_passed)
{
  qk_store *store = open_hall(NULL);
  ADMIT(store, "ann");
  fixture_advance(29999);
  CHECK_STATE(store, "ann", QK_READY);
  TICK_LAPSES(store, 0);
  fixture_advance(1);
  CHECK_STATE(store, "ann", QK_NONE);
  TICK_LAPSES(store, 1);
  CHECK_STATE(store, "ann", QK_NONE);
  CHECK_COUNTS(store, 0, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(polling_does_not_prolong_an_offer)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ready = ADMIT(store, "ann");
  for (int i = 0; i < 29; i++) {
    fixture_advance(1000);
    ck_assert_int_eq(POLL(store, "ann").expires_at_ms, ready.expires_at_ms);
  }
  fixture_advance(1000);
  CHECK_STATE(store, "ann", QK_NONE);
  qk_close(store);
}
END_TEST

START_TEST(an_offer_can_be_claimed_in_its_last_millisecond)
{
  qk_store *store = open_hall(NULL);
  ADMIT(store, "ann");
  fixture_advance(29999);
  qk_ticket active = ACTIVATE(store, "ann");
  ck_assert_int_eq(active.state, QK_ACTIVE);
  ck_assert_int_eq(active.expires_at_ms, fixture_now_ms + 60000);
  qk_close(store);
}
END_TEST

START_TEST(an_offer_cannot_be_extended)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ready = ADMIT(store, "ann");
  fixture_advance(100);
  qk_ticket refused = REFUSED(qk_extend, store, "ann", QK_ENOTACTIVE);
  CHECK_SAME_TICKET(&ready, &refused);
  CHECK_STATE(store, "ann", QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(somebody_waiting_can_neither_activate_nor_extend)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  ENTER_CLASS(store, "bob", 2);
  qk_ticket waiting = POLL(store, "bob");
  qk_ticket activate = REFUSED(qk_activate, store, "bob", QK_ENOTREADY);
  qk_ticket extend = REFUSED(qk_extend, store, "bob", QK_ENOTACTIVE);
  CHECK_SAME_TICKET(&waiting, &activate);
  CHECK_SAME_TICKET(&waiting, &extend);
  CHECK_LINE(store, "ann bob");
  qk_close(store);
}
END_TEST

/* ---- ACTIVE -------------------------------------------------------------------------------------- */

START_TEST(activate_starts_the_stay)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ready = ADMIT(store, "ann");
  fixture_advance(400);
  qk_ticket active = ACTIVATE(store, "ann");
  ck_assert_int_eq(active.state, QK_ACTIVE);
  ck_assert_int_eq(active.fresh, 0);
  ck_assert_uint_eq(active.number, ready.number);
  ck_assert_uint_eq(active.extends, 0);
  ck_assert_int_eq(active.expires_at_ms, FIXTURE_START + 400 + 60000);
  CHECK_COUNTS(store, 0, 0, 1);
  qk_close(store);
}
END_TEST

START_TEST(activate_twice_changes_nothing_and_succeeds)
{
  qk_store *store = open_hall(NULL);
  qk_ticket first = ADMIT_ACTIVE(store, "ann");
  fixture_advance(40000);
  qk_ticket again = ACTIVATE(store, "ann");
  CHECK_SAME_TICKET(&first, &again);
  ck_assert_uint_eq(STATS(store).activated, 1);
  fixture_advance(20000);
  CHECK_STATE(store, "ann", QK_NONE);
  qk_close(store);
}
END_TEST

START_TEST(active_ends_when_active_ms_have_passed)
{
  qk_store *store = open_hall(NULL);
  ADMIT_ACTIVE(store, "ann");
  fixture_advance(59999);
  TICK_EXPIRES(store, 0);
  CHECK_STATE(store, "ann", QK_ACTIVE);
  fixture_advance(1);
  CHECK_STATE(store, "ann", QK_NONE);
  TICK_EXPIRES(store, 1);
  CHECK_COUNTS(store, 0, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(extend_starts_active_ms_anew)
{
  qk_store *store = open_hall(NULL);
  ADMIT_ACTIVE(store, "ann");
  fixture_advance(59999);
  qk_ticket extended = EXTEND(store, "ann");
  ck_assert_int_eq(extended.state, QK_ACTIVE);
  ck_assert_uint_eq(extended.extends, 1);
  ck_assert_int_eq(extended.expires_at_ms, fixture_now_ms + 60000);
  fixture_advance(59999);
  CHECK_STATE(store, "ann", QK_ACTIVE);
  fixture_advance(1);
  CHECK_STATE(store, "ann", QK_NONE);
  qk_close(store);
}
END_TEST

START_TEST(extend_stops_at_max_extends)
{
  qk_policy policy = calm_policy();
  policy.max_extends = 3;
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "ann");
  for (uint32_t i = 1; i <= 3; i++) {
    fixture_advance(1000);
    ck_assert_uint_eq(EXTEND(store, "ann").extends, i);
  }
  qk_ticket before = POLL(store, "ann");
  fixture_advance(1000);
  qk_ticket refused = REFUSED(qk_extend, store, "ann", QK_ELIMIT);
  CHECK_SAME_TICKET(&before, &refused);
  ck_assert_int_eq(refused.expires_at_ms, FIXTURE_START + 3000 + 60000);
  qk_close(store);
}
END_TEST

START_TEST(max_extends_0_allows_no_extension)
{
  qk_policy policy = calm_policy();
  policy.max_extends = 0;
  qk_store *store = open_hall(&policy);
  qk_ticket active = ADMIT_ACTIVE(store, "ann");
  qk_ticket refused = REFUSED(qk_extend, store, "ann", QK_ELIMIT);
  CHECK_SAME_TICKET(&active, &refused);
  qk_close(store);
}
END_TEST

START_TEST(activate_after_an_extension_keeps_it)
{
  qk_store *store = open_hall(NULL);
  ADMIT_ACTIVE(store, "ann");
  fixture_advance(5000);
  qk_ticket extended = EXTEND(store, "ann");
  fixture_advance(5000);
  qk_ticket again = ACTIVATE(store, "ann");
  CHECK_SAME_TICKET(&extended, &again);
  qk_close(store);
}
END_TEST

/* ---- release ------------------------------------------------------------------------------------- */

START_TEST(release_from_waiting_leaves_the_line)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  qk_ticket bob = ENTER_CLASS(store, "bob", 1);
  ENTER_CLASS(store, "cid", 1);
  qk_ticket gone = RELEASE(store, "bob");
  ck_assert_int_eq(gone.state, QK_NONE);
  ck_assert_uint_eq(gone.number, bob.number);
  ck_assert_uint_eq(gone.cls, 1);
  ck_assert_uint_eq(gone.epoch, bob.epoch);
  ck_assert_uint_eq(STATS(store).left, 1);
  CHECK_LINE(store, "ann cid");
  CHECK_POSITION(store, "cid", 2);
  qk_close(store);
}
END_TEST

START_TEST(release_from_ready_frees_the_seat)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  qk_store *store = open_hall(&policy);
  qk_ticket ready = ADMIT(store, "ann");
  ENTER(store, "bob");
  qk_ticket gone = RELEASE(store, "ann");
  ck_assert_int_eq(gone.state, QK_NONE);
  ck_assert_uint_eq(gone.number, ready.number);
  ck_assert_uint_eq(gone.epoch, ready.epoch);
  ck_assert_uint_eq(STATS(store).left, 1);
  TICK_ADMITS(store, 1);
  CHECK_STATE(store, "bob", QK_READY);
  qk_close(store);
}
END_TEST

START_TEST(release_from_active_completes)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  qk_store *store = open_hall(&policy);
  qk_ticket active = ADMIT_ACTIVE(store, "ann");
  ENTER(store, "bob");
  qk_ticket gone = RELEASE(store, "ann");
  ck_assert_int_eq(gone.state, QK_NONE);
  ck_assert_uint_eq(gone.number, active.number);
  ck_assert_uint_eq(STATS(store).completed, 1);
  TICK_ADMITS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_release_keeps_number_class_and_epoch_and_nothing_else)
{
  qk_store *store = open_hall(NULL);
  ENTER_CLASS(store, "ann", 3);
  TICK(store);
  ACTIVATE(store, "ann");
  qk_ticket active = EXTEND(store, "ann");
  qk_ticket gone = RELEASE(store, "ann");
  ck_assert_uint_eq(gone.number, active.number);
  ck_assert_uint_eq(gone.cls, 3);
  ck_assert_uint_eq(gone.epoch, active.epoch);
  gone.number = gone.epoch = 0;
  gone.cls = 0;
  CHECK_ZERO_TICKET(&gone, HALL, "ann");
  qk_close(store);
}
END_TEST

START_TEST(release_twice_finds_nobody)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  RELEASE(store, "ann");
  REFUSED(qk_release, store, "ann", QK_ENOTFOUND);
  ck_assert_uint_eq(STATS(store).left, 1);
  qk_close(store);
}
END_TEST

START_TEST(who_left_comes_back_at_the_end_with_a_new_number)
{
  qk_store *store = open_hall(NULL);
  qk_ticket first = ENTER(store, "ann");
  qk_ticket bob = ENTER(store, "bob");
  RELEASE(store, "ann");
  qk_ticket again = ENTER(store, "ann");
  ck_assert_int_eq(again.fresh, 1);
  ck_assert_uint_gt(again.number, bob.number);
  ck_assert_uint_ne(again.number, first.number);
  CHECK_LINE(store, "bob ann");
  qk_close(store);
}
END_TEST

START_TEST(numbers_are_never_used_again)
{
  qk_store *store = open_hall(NULL);
  uint64_t last = 0;
  for (int i = 0; i < 50; i++) {
    qk_ticket ticket = ENTER(store, "ann");
    ck_assert_uint_gt(ticket.number, last);
    last = ticket.number;
    RELEASE(store, "ann");
  }
  ck_assert_uint_eq(STATS(store).last_number, last);
  qk_close(store);
}
END_TEST

void add_life_tests(TCase *tests)
{
  tcase_add_test(tests, enter_gives_the_next_place_in_line);
  tcase_add_test(tests, enter_twice_keeps_the_place);
  tcase_add_test(tests, enter_with_another_class_keeps_the_place);
  tcase_add_test(tests, enter_while_ready_gives_the_same_offer_back);
  tcase_add_test(tests, enter_while_active_gives_the_same_seat_back);
  tcase_add_test(tests, drain_refuses_only_new_people);
  tcase_add_test(tests, closed_refuses_only_new_people);
  tcase_add_test(tests, one_person_in_two_queues_has_two_places);
  tcase_add_test(tests, every_verb_works_without_a_ticket);
  tcase_add_test(tests, nobody_is_not_found_by_any_verb);
  tcase_add_test(tests, a_tick_makes_the_head_ready_for_ready_ms);
  tcase_add_test(tests, ready_lapses_when_ready_ms_have_passed);
  tcase_add_test(tests, polling_does_not_prolong_an_offer);
  tcase_add_test(tests, an_offer_can_be_claimed_in_its_last_millisecond);
  tcase_add_test(tests, an_offer_cannot_be_extended);
  tcase_add_test(tests, somebody_waiting_can_neither_activate_nor_extend);
  tcase_add_test(tests, activate_starts_the_stay);
  tcase_add_test(tests, activate_twice_changes_nothing_and_succeeds);
  tcase_add_test(tests, active_ends_when_active_ms_have_passed);
  tcase_add_test(tests, extend_starts_active_ms_anew);
  tcase_add_test(tests, extend_stops_at_max_extends);
  tcase_add_test(tests, max_extends_0_allows_no_extension);
  tcase_add_test(tests, activate_after_an_extension_keeps_it);
  tcase_add_test(tests, release_from_waiting_leaves_the_line);
  tcase_add_test(tests, release_from_ready_frees_the_seat);
  tcase_add_test(tests, release_from_active_completes);
  tcase_add_test(tests, a_release_keeps_number_class_and_epoch_and_nothing_else);
  tcase_add_test(tests, release_twice_finds_nobody);
  tcase_add_test(tests, who_left_comes_back_at_the_end_with_a_new_number);
  tcase_add_test(tests, numbers_are_never_used_again);
}
