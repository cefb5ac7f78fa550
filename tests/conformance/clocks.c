/* design.md, section 6: logical time. It is seen through "ann", whose offer ends at logical time 30,000. */
#include "conformance.h"
#include "helpers.h"

enum { OFFER_MS = 30000, STEP_MS = 1000 };

/* The logical time of a poll now. */
static int64_t logical(qk_store *store)
{
  return OFFER_MS - (POLL(store, "ann").expires_at_ms - fixture_now_ms);
}

/* ann READY and act ACTIVE at logical time 0 in the only two seats, w1 to w9 waiting. */
static qk_store *open_clocked(uint32_t clock_step_ms, uint32_t max_extends, uint32_t mode)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  policy.max_extends = max_extends;
  policy.clock_step_ms = clock_step_ms;
  fixture_now_ms = FIXTURE_START;
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "act");
  ADMIT(store, "ann");
  enter_crowd(store, 1, 9);
  SET_MODE(store, mode);
  ck_assert_int_eq(logical(store), 0);
  return store;
}

/* ---- Which calls store it ------------------------------------------------------------------------ */

static void new_enter(qk_store *store, int turn)
{
  ck_assert_int_eq(ENTER(store, person(100 + turn)).fresh, 1);
}

static void same_enter(qk_store *store, int turn)
{
  (void)turn;
  ck_assert_int_eq(ENTER(store, "u1").fresh, 0);
}

static void activate_again(qk_store *store, int turn)
{
  (void)turn;
  ACTIVATE(store, "act");
}

static void extend(qk_store *store, int turn)
{
  (void)turn;
  EXTEND(store, "act");
}

static void leave(qk_store *store, int turn)
{
  RELEASE(store, person(turn));
}

static void idle_tick(qk_store *store, int turn)
{
  (void)turn;
  TICK_ADMITS(store, 0);
}

static void tick_all(qk_store *store, int turn)
{
  (void)turn;
  CHECK_OK(qk_tick(store, NULL, NULL));
}

static void same_policy(qk_store *store, int turn)
{
  qk_policy policy;
  (void)turn;
  CHECK_OK(qk_get_policy(store, HALL, &policy));
  SET_POLICY(store, &policy);
}

static void same_mode(qk_store *store, int turn)
{
  (void)turn;
  SET_MODE(store, QK_MODE_OPEN);
}

struct call {
  const char *name;
  void (*make)(qk_store *store, int turn);
};

/* Five calls a step apart: if each stores the logical time, five steps have passed; if none does, one. */
static void check_stores(const struct call *calls, size_t count, uint32_t max_extends, uint32_t mode,
                         int64_t want_ms)
{
  for (size_t i = 0; i < count; i++) {
    qk_store *store = open_clocked(STEP_MS, max_extends, mode);
    for (int turn = 1; turn <= 5; turn++) {
      fixture_advance(STEP_MS);
      calls[i].make(store, turn);
    }
    int64_t got_ms = logical(store);
    ck_assert_msg(got_ms == want_ms, "%s: after 5 calls the logical time is %lld", calls[i].name,
                  (long long)got_ms);
    qk_close(store);
  }
}

START_TEST(calls_that_succeed_store_the_logical_time)
{
  static const struct call calls[] = {
      {"new enter", new_enter},  {"enter again", same_enter}, {"activate", activate_again},
      {"extend", extend},        {"release", leave},          {"tick", idle_tick},
      {"tick of all", tick_all}, {"set_policy", same_policy}, {"set_mode", same_mode}};
  check_stores(calls, sizeof calls / sizeof calls[0], 100, QK_MODE_OPEN, 5 * STEP_MS);
}
END_TEST

static void poll_waiting(qk_store *store, int turn)
{
  CHECK_POSITION(store, person(turn), (uint64_t)turn);
}

static void poll_ready(qk_store *store, int turn)
{
  (void)turn;
  CHECK_STATE(store, "ann", QK_READY);
}

static void look_around(qk_store *store, int turn)
{
  qk_policy policy;
  qk_cursor cursor;
  qk_ticket page[2];
  (void)turn;
  STATS(store);
  CHECK_OK(qk_get_policy(store, HALL, &policy));
  CHECK_OK(qk_get_cursor(store, HALL, &cursor));
  CHECK_CODE(qk_list(store, HALL, 0, 0, page, 2), 2);
}

static void fail_enter(qk_store *store, int turn)
{
  REFUSED(qk_enter, store, person(100 + turn), QK_ECLOSED);
}

static void fail_activate(qk_store *store, int turn)
{
  REFUSED(qk_activate, store, person(turn), QK_ENOTREADY);
  REFUSED(qk_activate, store, "nobody", QK_ENOTFOUND);
}

static void fail_extend(qk_store *store, int turn)
{
  (void)turn;
  REFUSED(qk_extend, store, "ann", QK_ENOTACTIVE);
  REFUSED(qk_extend, store, "act", QK_ELIMIT);
}

static void fail_release(qk_store *store, int turn)
{
  (void)turn;
  REFUSED(qk_release, store, "nobody", QK_ENOTFOUND);
}

static void fail_to_set(qk_store *store, int turn)
{
  qk_policy policy = calm_policy();
  (void)turn;
  policy.ready_ms = 0;
  CHECK_CODE(qk_set_policy(store, HALL, &policy, NULL), QK_EINVAL);
  CHECK_CODE(qk_set_mode(store, HALL, 99), QK_EINVAL);
}

START_TEST(calls_that_look_or_fail_store_nothing)
{
  static const struct call calls[] = {{"poll while waiting", poll_waiting},
                                      {"poll while ready", poll_ready},
                                      {"views", look_around},
                                      {"refused enter", fail_enter},
                                      {"refused activate", fail_activate},
                                      {"refused extend", fail_extend},
                                      {"refused release", fail_release},
                                      {"refused settings", fail_to_set}};
  check_stores(calls, sizeof calls / sizeof calls[0], 0, QK_MODE_CLOSED, STEP_MS);
}
END_TEST

START_TEST(a_first_activate_stores_the_logical_time)
{
  qk_policy policy = calm_policy();
  policy.clock_step_ms = STEP_MS;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 5);
  ADMIT(store, "ann");
  for (int i = 1; i <= 5; i++) {
    fixture_advance(STEP_MS);
    ACTIVATE(store, person(i));
  }
  ck_assert_int_eq(logical(store), 5 * STEP_MS);
  qk_close(store);
}
END_TEST

START_TEST(each_queue_has_its_own_time)
{
  qk_store *store = open_clocked(STEP_MS, 2, QK_MODE_OPEN);
  verb_at(__LINE__, qk_enter, store, "garden", "bob", QK_OK);
  for (int i = 0; i < 5; i++) {
    fixture_advance(STEP_MS);
    tick_at(__LINE__, store, "garden");
  }
  ck_assert_int_eq(logical(store), STEP_MS);
  qk_close(store);
}
END_TEST

START_TEST(time_starts_when_the_queue_is_made)
{
  qk_store *store = fixture_open(NULL);
  qk_policy policy = calm_policy();
  policy.clock_step_ms = STEP_MS;
  fixture_advance(86400000);
  SET_POLICY(store, &policy);
  ck_assert_int_eq(ADMIT(store, "ann").expires_at_ms, FIXTURE_START + 86400000 + OFFER_MS);
  fixture_advance(STEP_MS);
  ck_assert_int_eq(logical(store), STEP_MS);
  qk_close(store);
}
END_TEST

/* ---- The step ------------------------------------------------------------------------------------ */

/* A jump of a day counts as one step, and a tick asks for the next call within one. */
static void check_step(qk_policy policy, int64_t want_ms)
{
  fixture_now_ms = FIXTURE_START;
  qk_store *store = open_hall(&policy);
  ADMIT(store, "ann");
  ck_assert_uint_eq(TICK(store).next_ms, (uint32_t)want_ms);
  fixture_advance(86400000);
  int64_t left_ms = POLL(store, "ann").expires_at_ms - fixture_now_ms;
  ck_assert_msg(left_ms == (int64_t)policy.ready_ms - want_ms, "the step is %lld, not %lld",
                (long long)((int64_t)policy.ready_ms - left_ms), (long long)want_ms);
  qk_close(store);
}

START_TEST(a_step_is_at_most_a_quarter_of_each_time)
{
  static const struct {
    uint32_t clock_step_ms, ready_ms, active_ms, idle_ms;
    int64_t step_ms;
  } cases[] = {{60000, 300000, 600000, 0, 60000},
               {60000, 240000, 600000, 0, 60000},
               {60000, 239999, 600000, 0, 59999},
               {60000, 4, 600000, 0, 1},
               {60000, 7, 600000, 0, 1},
               {60000, 8, 600000, 0, 2},
               {60000, 2, 600000, 0, 1},
               {60000, 3, 600000, 0, 1},
               {60000, 300000, 400, 0, 100},
               {60000, 300000, 3, 0, 1},
               {60000, 300000, 600000, 3000, 750},
               {60000, 300000, 600000, 3003, 750},
               {5, 300000, 600000, 3000, 5},
               {1, 300000, 600000, 0, 1},
               {4294967295, 400000, 500000, 600000, 100000}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    qk_policy policy = calm_policy();
    policy.clock_step_ms = cases[i].clock_step_ms;
    policy.ready_ms = cases[i].ready_ms;
    policy.active_ms = cases[i].active_ms;
    policy.idle_ms = cases[i].idle_ms;
    check_step(policy, cases[i].step_ms);
  }
}
END_TEST

START_TEST(clock_step_0_bounds_nothing)
{
  qk_store *store = open_clocked(0, 2, QK_MODE_OPEN);
  fixture_advance(29999);
  ck_assert_int_eq(logical(store), 29999);
  fixture_advance(86400000);
  CHECK_STATE(store, "ann", QK_NONE);
  tick_moves_at(__LINE__, store, 2, 0, 1, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_day_forward_throws_nobody_out)
{
  qk_policy policy;
  qk_policy_init(&policy);
  policy.max_active = 2;
  policy.idle_ms = 240000;
  qk_store *store = open_hall(&policy);
  ENTER(store, "act");
  ACTIVATE(store, "act");
  ENTER(store, "ann");
  enter_crowd(store, 1, 3);
  fixture_advance(86400000);
  qk_tick_report report = tick_moves_at(__LINE__, store, 0, 0, 0, 0);
  ck_assert_uint_eq(report.next_ms, 60000);
  CHECK_COUNTS(store, 3, 1, 1);
  ck_assert_int_eq(POLL(store, "ann").expires_at_ms, fixture_now_ms + 300000 - 60000);
  ck_assert_int_eq(POLL(store, "act").expires_at_ms, fixture_now_ms + 600000 - 60000);
  qk_close(store);
}
END_TEST

START_TEST(an_offer_lapses_after_its_steps_however_far_apart)
{
  qk_store *store = open_clocked(STEP_MS, 2, QK_MODE_HOLD);
  for (int i = 1; i < OFFER_MS / STEP_MS; i++) {
    fixture_advance(5000);
    TICK_LAPSES(store, 0);
    ck_assert_int_eq(logical(store), i * STEP_MS);
  }
  fixture_advance(5000);
  TICK_LAPSES(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(deadlines_are_shown_in_the_clock_of_the_store)
{
  qk_store *store = open_clocked(STEP_MS, 2, QK_MODE_OPEN);
  fixture_advance(3600000);
  ck_assert_int_eq(POLL(store, "ann").expires_at_ms, fixture_now_ms + 29000);
  ck_assert_int_eq(POLL(store, "act").expires_at_ms, fixture_now_ms + 59000);
  ck_assert_int_eq(ACTIVATE(store, "ann").expires_at_ms, fixture_now_ms + 60000);
  ck_assert_int_eq(EXTEND(store, "act").expires_at_ms, fixture_now_ms + 60000);
  ck_assert_int_eq(STATS(store).now_ms, fixture_now_ms);
  qk_close(store);
}
END_TEST

START_TEST(set_policy_steps_by_the_old_policy)
{
  qk_policy policy = calm_policy();
  policy.clock_step_ms = STEP_MS;
  qk_store *store = open_hall(&policy);
  ADMIT(store, "ann");
  fixture_advance(5000);
  policy.clock_step_ms = 0;
  SET_POLICY(store, &policy);
  ck_assert_int_eq(logical(store), 1000);
  fixture_advance(5000);
  policy.clock_step_ms = STEP_MS;
  SET_POLICY(store, &policy);
  ck_assert_int_eq(logical(store), 6000);
  fixture_advance(5000);
  SET_MODE(store, QK_MODE_HOLD);
  ck_assert_int_eq(logical(store), 7000);
  qk_close(store);
}
END_TEST

START_TEST(the_rate_window_runs_on_logical_time)
{
  qk_policy policy = calm_policy();
  policy.clock_step_ms = STEP_MS;
  policy.rate = 1;
  policy.rate_window_ms = 10000;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 3);
  TICK_ADMITS(store, 1);
  for (int i = 1; i <= 10; i++) {
    fixture_advance(86400000);
    TICK_ADMITS(store, 0);
  }
  fixture_advance(198);
  TICK_ADMITS(store, 0);
  fixture_advance(1);
  TICK_ADMITS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(idle_time_runs_on_logical_time)
{
  qk_policy policy = calm_policy();
  policy.clock_step_ms = STEP_MS;
  policy.idle_ms = 10000;
  policy.max_active = 0;
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  for (int i = 1; i <= 9; i++) {
    fixture_advance(3600000);
    TICK_DROPS(store, 0);
  }
  fixture_advance(3600000);
  TICK_DROPS(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_poll_is_stored_with_its_own_time)
{
  qk_policy policy = calm_policy();
  policy.clock_step_ms = STEP_MS;
  policy.idle_ms = 10000;
  policy.max_active = 0;
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  ENTER(store, "bob");
  fixture_advance(5000);
  POLL(store, "ann"); /* at logical time 1,000, which this does not store */
  for (int i = 1; i <= 9; i++) {
    TICK_DROPS(store, 0);
    fixture_advance(STEP_MS);
  }
  TICK_DROPS(store, 1);
  CHECK_LINE(store, "ann");
  fixture_advance(STEP_MS - 1);
  TICK_DROPS(store, 0);
  fixture_advance(1);
  TICK_DROPS(store, 1);
  qk_close(store);
}
END_TEST

/* ---- A clock that goes back ---------------------------------------------------------------------- */

/* Ten seconds in, the clock goes back, a tick sees it, and then it is 12 seconds in. */
static int64_t logical_after_going_back(int64_t back_ms)
{
  qk_store *store = open_clocked(0, 2, QK_MODE_HOLD);
  fixture_advance(10000);
  TICK(store);
  fixture_advance(-back_ms);
  ck_assert_int_eq(logical(store), 10000);
  TICK(store);
  ck_assert_int_eq(logical(store), 10000);
  fixture_now_ms = FIXTURE_START + 12000;
  int64_t result = logical(store);
  TICK(store);
  ck_assert_int_eq(logical(store), result);
  qk_close(store);
  return result;
}

START_TEST(a_clock_a_little_behind_counts_nothing_twice)
{
  static const int64_t back_ms[] = {1, 2, 499, 999, 1000};
  for (size_t i = 0; i < sizeof back_ms / sizeof back_ms[0]; i++)
    ck_assert_int_eq(logical_after_going_back(back_ms[i]), 12000);
}
END_TEST

START_TEST(a_clock_far_behind_is_the_new_clock)
{
  static const int64_t back_ms[] = {1001, 1002, 5000, 10000};
  for (size_t i = 0; i < sizeof back_ms / sizeof back_ms[0]; i++)
    ck_assert_int_eq(logical_after_going_back(back_ms[i]), 12000 + back_ms[i]);
}
END_TEST

START_TEST(a_clock_behind_moves_nothing_by_a_call_that_stores_nothing)
{
  qk_store *store = open_clocked(0, 2, QK_MODE_CLOSED);
  fixture_advance(10000);
  TICK(store);
  fixture_advance(-8000);
  POLL(store, "u1");
  STATS(store);
  REFUSED(qk_enter, store, "new", QK_ECLOSED);
  REFUSED(qk_activate, store, "u1", QK_ENOTREADY);
  fixture_now_ms = FIXTURE_START + 12000;
  ck_assert_int_eq(logical(store), 12000);
  qk_close(store);
}
END_TEST

START_TEST(a_clock_that_creeps_back_is_measured_from_the_stored_one)
{
  qk_store *store = open_clocked(0, 2, QK_MODE_HOLD);
  fixture_advance(10000);
  TICK(store);
  fixture_advance(-600);
  TICK(store);
  fixture_advance(-600);
  TICK(store);
  fixture_advance(200);
  ck_assert_int_eq(logical(store), 10200);
  qk_close(store);
}
END_TEST

START_TEST(deadlines_follow_a_clock_that_went_back)
{
  qk_store *store = open_clocked(0, 2, QK_MODE_HOLD);
  fixture_advance(10000);
  TICK(store);
  fixture_advance(-86400000);
  ck_assert_int_eq(POLL(store, "ann").expires_at_ms, fixture_now_ms + 20000);
  TICK(store);
  fixture_advance(19999);
  CHECK_STATE(store, "ann", QK_READY);
  fixture_advance(1);
  TICK_LAPSES(store, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_poll_by_a_late_clock_takes_nothing_away)
{
  qk_policy policy = calm_policy();
  policy.idle_ms = 10000;
  policy.max_active = 0;
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(5000);
  POLL(store, "ann");
  fixture_advance(-5000);
  POLL(store, "ann");
  fixture_advance(14999);
  TICK_DROPS(store, 0);
  fixture_advance(1);
  TICK_DROPS(store, 1);
  qk_close(store);
}
END_TEST

void add_clock_tests(TCase *tests)
{
  tcase_add_test(tests, calls_that_succeed_store_the_logical_time);
  tcase_add_test(tests, calls_that_look_or_fail_store_nothing);
  tcase_add_test(tests, a_first_activate_stores_the_logical_time);
  tcase_add_test(tests, each_queue_has_its_own_time);
  tcase_add_test(tests, time_starts_when_the_queue_is_made);
  tcase_add_test(tests, a_step_is_at_most_a_quarter_of_each_time);
  tcase_add_test(tests, clock_step_0_bounds_nothing);
  tcase_add_test(tests, a_day_forward_throws_nobody_out);
  tcase_add_test(tests, an_offer_lapses_after_its_steps_however_far_apart);
  tcase_add_test(tests, deadlines_are_shown_in_the_clock_of_the_store);
  tcase_add_test(tests, set_policy_steps_by_the_old_policy);
  tcase_add_test(tests, the_rate_window_runs_on_logical_time);
  tcase_add_test(tests, idle_time_runs_on_logical_time);
  tcase_add_test(tests, a_poll_is_stored_with_its_own_time);
  tcase_add_test(tests, a_clock_a_little_behind_counts_nothing_twice);
  tcase_add_test(tests, a_clock_far_behind_is_the_new_clock);
  tcase_add_test(tests, a_clock_behind_moves_nothing_by_a_call_that_stores_nothing);
  tcase_add_test(tests, a_clock_that_creeps_back_is_measured_from_the_stored_one);
  tcase_add_test(tests, deadlines_follow_a_clock_that_went_back);
  tcase_add_test(tests, a_poll_by_a_late_clock_takes_nothing_away);
}
