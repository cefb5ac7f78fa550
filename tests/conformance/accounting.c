/* design.md, section 5: the totals after every step of a life. Each verb of helpers.h checks besides that
 * they balance. */
#include "conformance.h"
#include "helpers.h"

struct totals {
  uint64_t waiting, ready, active;
  uint64_t entered, admitted, activated, left, dropped, lapsed, expired, completed;
};

static void totals_are(int line, qk_store *store, struct totals want)
{
  qk_stats got = stats_at(line, store, HALL);
  const uint64_t pairs[][2] = {
      {got.waiting, want.waiting}, {got.ready, want.ready},        {got.active, want.active},
      {got.entered, want.entered}, {got.admitted, want.admitted},  {got.activated, want.activated},
      {got.left, want.left},       {got.dropped, want.dropped},    {got.lapsed, want.lapsed},
      {got.expired, want.expired}, {got.completed, want.completed}};
  static const char *const names[] = {"waiting", "ready",   "active", "entered", "admitted", "activated",
                                      "left",    "dropped", "lapsed", "expired", "completed"};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    ck_assert_msg(pairs[i][0] == pairs[i][1], "line %d: %s is %llu, not %llu", line, names[i],
                  (unsigned long long)pairs[i][0], (unsigned long long)pairs[i][1]);
}

/* Fields that are not named are 0. */
#define CHECK_STATS(store, ...) totals_are(__LINE__, store, (struct totals){__VA_ARGS__})

START_TEST(a_new_queue_counts_nothing)
{
  qk_store *store = open_hall(NULL);
  CHECK_STATS(store, .waiting = 0);
  qk_stats stats = STATS(store);
  ck_assert_uint_eq(stats.last_number, 0);
  ck_assert_int_eq(stats.head_age_ms, 0);
  ck_assert_int_eq(stats.now_ms, FIXTURE_START);
  qk_close(store);
}
END_TEST

START_TEST(a_whole_life_is_counted_step_by_step)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  CHECK_STATS(store, .waiting = 1, .entered = 1);
  TICK(store);
  CHECK_STATS(store, .ready = 1, .entered = 1, .admitted = 1);
  ACTIVATE(store, "ann");
  CHECK_STATS(store, .active = 1, .entered = 1, .admitted = 1, .activated = 1);
  EXTEND(store, "ann");
  CHECK_STATS(store, .active = 1, .entered = 1, .admitted = 1, .activated = 1);
  RELEASE(store, "ann");
  CHECK_STATS(store, .entered = 1, .admitted = 1, .activated = 1, .completed = 1);
  qk_close(store);
}
END_TEST

START_TEST(leaving_the_line_counts_as_left)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  RELEASE(store, "ann");
  CHECK_STATS(store, .entered = 1, .left = 1);
  qk_close(store);
}
END_TEST

START_TEST(giving_an_offer_back_counts_as_left)
{
  qk_store *store = open_hall(NULL);
  ADMIT(store, "ann");
  RELEASE(store, "ann");
  CHECK_STATS(store, .entered = 1, .admitted = 1, .left = 1);
  qk_close(store);
}
END_TEST

START_TEST(an_offer_that_nobody_claims_counts_as_lapsed)
{
  qk_store *store = open_hall(NULL);
  ADMIT(store, "ann");
  fixture_advance(30000);
  CHECK_STATS(store, .ready = 1, .entered = 1, .admitted = 1);
  TICK(store);
  CHECK_STATS(store, .entered = 1, .admitted = 1, .lapsed = 1);
  qk_close(store);
}
END_TEST

START_TEST(a_stay_that_ends_by_itself_counts_as_expired)
{
  qk_store *store = open_hall(NULL);
  ADMIT_ACTIVE(store, "ann");
  fixture_advance(60000);
  CHECK_STATS(store, .active = 1, .entered = 1, .admitted = 1, .activated = 1);
  TICK(store);
  CHECK_STATS(store, .entered = 1, .admitted = 1, .activated = 1, .expired = 1);
  qk_close(store);
}
END_TEST

START_TEST(who_went_away_counts_as_dropped)
{
  qk_policy policy = calm_policy();
  policy.idle_ms = 5000;
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(5000);
  CHECK_STATS(store, .waiting = 1, .entered = 1);
  TICK(store);
  CHECK_STATS(store, .entered = 1, .dropped = 1);
  qk_close(store);
}
END_TEST

START_TEST(a_second_life_is_counted_beside_the_first)
{
  qk_store *store = open_hall(NULL);
  ADMIT(store, "ann");
  fixture_advance(30000);
  ENTER(store, "ann");
  CHECK_STATS(store, .waiting = 1, .entered = 2, .admitted = 1, .lapsed = 1);
  TICK(store);
  ACTIVATE(store, "ann");
  fixture_advance(60000);
  ENTER(store, "ann");
  CHECK_STATS(store, .waiting = 1, .entered = 3, .admitted = 2, .activated = 1, .lapsed = 1, .expired = 1);
  qk_close(store);
}
END_TEST

START_TEST(a_repeated_call_counts_nothing)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  ENTER(store, "ann");
  CHECK_STATS(store, .waiting = 1, .entered = 1);
  TICK(store);
  TICK(store);
  ENTER(store, "ann");
  CHECK_STATS(store, .ready = 1, .entered = 1, .admitted = 1);
  ACTIVATE(store, "ann");
  ACTIVATE(store, "ann");
  ENTER(store, "ann");
  CHECK_STATS(store, .active = 1, .entered = 1, .admitted = 1, .activated = 1);
  qk_close(store);
}
END_TEST

START_TEST(a_refused_call_counts_nothing)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  policy.max_waiting = 1;
  policy.max_extends = 0;
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "ann");
  ENTER(store, "bob");
  REFUSED(qk_enter, store, "cid", QK_EFULL);
  REFUSED(qk_activate, store, "bob", QK_ENOTREADY);
  REFUSED(qk_extend, store, "bob", QK_ENOTACTIVE);
  REFUSED(qk_extend, store, "ann", QK_ELIMIT);
  REFUSED(qk_release, store, "cid", QK_ENOTFOUND);
  REFUSED(qk_poll, store, "cid", QK_ENOTFOUND);
  REFUSED(qk_activate, store, "cid", QK_ENOTFOUND);
  SET_MODE(store, QK_MODE_CLOSED);
  REFUSED(qk_enter, store, "cid", QK_ECLOSED);
  CHECK_STATS(store, .waiting = 1, .active = 1, .entered = 2, .admitted = 1, .activated = 1);
  ck_assert_uint_eq(STATS(store).last_number, POLL(store, "bob").number);
  qk_close(store);
}
END_TEST

START_TEST(an_eager_enter_counts_as_entered_and_admitted)
{
  qk_policy policy = calm_policy();
  policy.eager = 1;
  policy.max_active = 1;
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  CHECK_STATS(store, .ready = 1, .entered = 1, .admitted = 1);
  ENTER(store, "bob");
  RELEASE(store, "ann");
  CHECK_STATS(store, .ready = 1, .entered = 2, .admitted = 2, .left = 1);
  ACTIVATE(store, "bob");
  RELEASE(store, "bob");
  CHECK_STATS(store, .entered = 2, .admitted = 2, .activated = 1, .left = 1, .completed = 1);
  qk_close(store);
}
END_TEST

START_TEST(a_tick_counts_every_kind_at_once)
{
  qk_policy policy = calm_policy();
  policy.max_active = 4;
  policy.idle_ms = 40000;
  policy.active_ms = 30000;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 9);
  TICK_ADMITS(store, 4);
  ACTIVATE(store, "u1");
  ACTIVATE(store, "u2");
  ACTIVATE(store, "u3");
  fixture_advance(10000);
  for (int i = 7; i <= 9; i++)
    POLL(store, person(i));
  fixture_advance(30000);
  tick_moves_at(__LINE__, store, 3, 2, 1, 3);
  CHECK_STATS(store, .ready = 3, .entered = 9, .admitted = 7, .activated = 3, .dropped = 2, .lapsed = 1,
              .expired = 3);
  qk_close(store);
}
END_TEST

START_TEST(each_queue_keeps_its_own_totals)
{
  qk_store *store = open_hall(NULL);
  enter_crowd(store, 1, 3);
  verb_at(__LINE__, qk_enter, store, "garden", "u1", QK_OK);
  verb_at(__LINE__, qk_release, store, "garden", "u1", QK_OK);
  CHECK_STATS(store, .waiting = 3, .entered = 3);
  ck_assert_uint_eq(stats_at(__LINE__, store, "garden").entered, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_removed_queue_ends_its_totals)
{
  qk_store *store = open_hall(NULL);
  ADMIT_ACTIVE(store, "ann");
  ENTER(store, "bob");
  CHECK_OK(qk_remove(store, HALL));
  qk_stats stats;
  CHECK_CODE(qk_get_stats(store, HALL, &stats), QK_ENOTFOUND);
  ck_assert_uint_eq(stats.entered, 0);
  ck_assert_uint_eq(stats.active, 0);
  qk_policy policy = calm_policy();
  SET_POLICY(store, &policy);
  CHECK_STATS(store, .entered = 0);
  qk_close(store);
}
END_TEST

START_TEST(the_age_of_the_head_is_how_long_it_has_waited)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  policy.idle_ms = 60000;
  qk_store *store = open_hall(&policy);
  ENTER_CLASS(store, "ann", 1);
  fixture_advance(3000);
  ENTER_CLASS(store, "bob", 1);
  fixture_advance(4000);
  POLL(store, "ann");
  ENTER(store, "bob");
  ck_assert_int_eq(STATS(store).head_age_ms, 7000);
  ENTER_CLASS(store, "vip", 0);
  ck_assert_int_eq(STATS(store).head_age_ms, 0);
  RELEASE(store, "vip");
  TICK_ADMITS(store, 1);
  ck_assert_int_eq(STATS(store).head_age_ms, 4000);
  fixture_advance(500);
  ck_assert_int_eq(STATS(store).head_age_ms, 4500);
  RELEASE(store, "bob");
  ck_assert_int_eq(STATS(store).head_age_ms, 0);
  qk_close(store);
}
END_TEST

/* A thousand calls at random; each helper checks the balance, and what every answer implies is counted beside
 * it. */
START_TEST(the_totals_follow_a_random_trace)
{
  enum { STEPS = 1500, PEOPLE = 24 };
  static verb_function *const verbs[] = {qk_enter, qk_enter, qk_poll, qk_activate, qk_extend, qk_release};
  qk_policy policy = calm_policy();
  policy.max_active = 5;
  policy.idle_ms = 12000;
  policy.eager = 1;
  qk_store *store = open_hall(&policy);
  struct totals seen = {0};
  uint32_t random = 99;
  for (int i = 0; i < STEPS; i++) {
    random = random * 1664525 + 1013904223;
    fixture_advance((random >> 24) % 8 == 0 ? 4000 : (random >> 20) % 300);
    uint32_t verb = (random >> 16) % 7;
    qk_ticket ticket;
    if (verb == 6) {
      qk_tick_report report = TICK(store);
      seen.dropped += report.dropped;
      continue;
    }
    int code = verbs[verb](store, HALL, person((int)((random >> 8) % PEOPLE)), &ticket);
    seen.entered += verb < 2 && code == QK_OK && ticket.fresh;
    qk_stats stats = STATS(store);
    ck_assert_uint_eq(stats.entered, seen.entered);
    ck_assert_uint_eq(stats.dropped, seen.dropped);
    ck_assert_uint_le(stats.ready + stats.active, policy.max_active);
  }
  qk_stats end = STATS(store);
  ck_assert(end.left && end.dropped && end.lapsed && end.expired && end.completed);
  qk_close(store);
}
END_TEST

void add_accounting_tests(TCase *tests)
{
  tcase_add_test(tests, a_new_queue_counts_nothing);
  tcase_add_test(tests, a_whole_life_is_counted_step_by_step);
  tcase_add_test(tests, leaving_the_line_counts_as_left);
  tcase_add_test(tests, giving_an_offer_back_counts_as_left);
  tcase_add_test(tests, an_offer_that_nobody_claims_counts_as_lapsed);
  tcase_add_test(tests, a_stay_that_ends_by_itself_counts_as_expired);
  tcase_add_test(tests, who_went_away_counts_as_dropped);
  tcase_add_test(tests, a_second_life_is_counted_beside_the_first);
  tcase_add_test(tests, a_repeated_call_counts_nothing);
  tcase_add_test(tests, a_refused_call_counts_nothing);
  tcase_add_test(tests, an_eager_enter_counts_as_entered_and_admitted);
  tcase_add_test(tests, a_tick_counts_every_kind_at_once);
  tcase_add_test(tests, each_queue_keeps_its_own_totals);
  tcase_add_test(tests, a_removed_queue_ends_its_totals);
  tcase_add_test(tests, the_age_of_the_head_is_how_long_it_has_waited);
  tcase_add_test(tests, the_totals_follow_a_random_trace);
}
