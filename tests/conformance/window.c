/* design.md, section 4, rate: exactly which millisecond admits again. */
#include "conformance.h"
#include "helpers.h"

/* When an admission at logical time x leaves the window: the contract's formula, word for word. */
static int64_t counts_until(int64_t x_ms, int64_t window_ms)
{
  int64_t w = (window_ms + 49) / 50;
  return x_ms / w * w + w - 1 + window_ms;
}

static qk_policy rate_policy(uint64_t rate, uint32_t window_ms)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1000000;
  policy.ready_ms = 4000000000;
  policy.active_ms = 4000000000;
  policy.rate = rate;
  policy.rate_window_ms = window_ms;
  return policy;
}

/* Logical time: the hall of these tests is always made at FIXTURE_START, and no step cuts. */
static void advance_to(int64_t logical_ms)
{
  fixture_now_ms = FIXTURE_START + logical_ms;
}

/* ---- The edges ----------------------------------------------------------------------------------- */

static void check_edge(uint32_t window_ms, int64_t x_ms)
{
  qk_policy policy = rate_policy(1, window_ms);
  fixture_now_ms = FIXTURE_START;
  qk_store *store = open_hall(&policy);
  int64_t end_ms = counts_until(x_ms, window_ms);
  enter_crowd(store, 1, 3);
  advance_to(x_ms);
  TICK_ADMITS(store, 1);
  TICK_ADMITS(store, 0);
  advance_to(end_ms - 1);
  qk_tick_report report = TICK(store);
  ck_assert_msg(report.admitted == 0, "window %u: admitted at %lld again in the last ms", window_ms,
                (long long)x_ms);
  ck_assert_uint_eq(report.next_ms, 1);
  advance_to(end_ms);
  report = TICK(store);
  ck_assert_msg(report.admitted == 1, "window %u: the admission at %lld still counts at %lld", window_ms,
                (long long)x_ms, (long long)end_ms);
  qk_close(store);
}

static void check_edges(uint32_t window_ms)
{
  int64_t w = ((int64_t)window_ms + 49) / 50;
  const int64_t times[] = {0, 1, w - 1, w, w + 1, 7 * w - 1, 7 * w, 63 * w, 64 * w + 1, 12345678};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
    check_edge(window_ms, times[i]);
}

START_TEST(a_window_of_1_ms_ends_with_its_millisecond)
{
  check_edges(1);
}
END_TEST

START_TEST(a_window_of_49_ms_is_exact)
{
  check_edges(49);
}
END_TEST

START_TEST(a_window_of_50_ms_is_exact)
{
  check_edges(50);
}
END_TEST

START_TEST(a_window_of_51_ms_counts_in_slots_of_2_ms)
{
  check_edges(51);
  check_edges(99);
  check_edges(100);
  check_edges(101);
}
END_TEST

START_TEST(a_window_of_999_ms_counts_in_slots_of_20_ms)
{
  check_edges(999);
}
END_TEST

START_TEST(a_window_of_a_second_counts_in_slots_of_20_ms)
{
  check_edges(1000);
  check_edges(1001);
}
END_TEST

START_TEST(a_window_of_a_day_counts_in_slots_of_1728_seconds)
{
  check_edges(86399999);
  check_edges(86400000);
}
END_TEST

/* ---- Any window ---------------------------------------------------------------------------------- */

enum { TICKS = 400 };

struct admissions {
  int64_t at_ms[TICKS];
  uint64_t count[TICKS];
};

static uint64_t counted(const struct admissions *past, int ticks, int64_t now_ms, uint32_t window_ms)
{
  uint64_t sum = 0;
  for (int i = 0; i < ticks; i++)
    if (now_ms < counts_until(past->at_ms[i], window_ms))
      sum += past->count[i];
  return sum;
}

/* The promise itself, without slots: any half-open window of window_ms. */
static void check_promise(const struct admissions *past, uint64_t rate, uint32_t window_ms)
{
  for (int first = 0; first < TICKS; first++) {
    uint64_t sum = 0;
    for (int i = first; i < TICKS && past->at_ms[i] < past->at_ms[first] + (int64_t)window_ms; i++)
      sum += past->count[i];
    ck_assert_msg(sum <= rate, "%llu admissions within %u ms of %lld", (unsigned long long)sum, window_ms,
                  (long long)past->at_ms[first]);
  }
}

/* Ticks at uneven times, with a crowd that always waits: each admits just what the window leaves. */
static void check_steady(uint64_t rate, uint32_t window_ms, uint32_t stride_ms)
{
  struct admissions past = {{0}, {0}};
  qk_policy policy = rate_policy(rate, window_ms);
  fixture_now_ms = FIXTURE_START;
  qk_store *store = open_hall(&policy);
  uint32_t random = 12345;
  int64_t now_ms = 0;
  int entered = 0;
  for (int i = 0; i < TICKS; i++) {
    random = random * 1664525 + 1013904223; /* Numerical Recipes, "quick and dirty" */
    now_ms += (random >> 16) % stride_ms;
    advance_to(now_ms);
    int arriving = (int)((random >> 8) % 4);
    enter_crowd(store, entered + 1, entered + arriving);
    entered += arriving;
    uint64_t room = rate - counted(&past, i, now_ms, window_ms);
    uint64_t waiting = STATS(store).waiting;
    past.at_ms[i] = now_ms;
    past.count[i] = room < waiting ? room : waiting;
    TICK_ADMITS(store, past.count[i]);
  }
  check_promise(&past, rate, window_ms);
  qk_close(store);
}

START_TEST(every_tick_admits_exactly_what_the_window_leaves)
{
  check_steady(3, 49, 30);
  check_steady(5, 51, 20);
  check_steady(7, 1000, 200);
  check_steady(40, 10000, 400);
}
END_TEST

START_TEST(a_short_window_admits_anew_each_millisecond)
{
  check_steady(2, 1, 3);
  check_steady(1, 2, 4);
}
END_TEST

START_TEST(a_long_window_forgets_slot_by_slot)
{
  check_steady(11, 3600000, 250000);
}
END_TEST

/* ---- What counts --------------------------------------------------------------------------------- */

START_TEST(admissions_of_different_slots_come_back_separately)
{
  qk_policy policy = rate_policy(5, 1000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 3);
  TICK_ADMITS(store, 3);
  enter_crowd(store, 4, 20);
  advance_to(20);
  TICK_ADMITS(store, 2);
  advance_to(1018);
  TICK_ADMITS(store, 0);
  advance_to(1019);
  TICK_ADMITS(store, 3);
  advance_to(1038);
  TICK_ADMITS(store, 0);
  advance_to(1039);
  TICK_ADMITS(store, 2);
  qk_close(store);
}
END_TEST

START_TEST(nothing_is_saved_up_while_the_line_is_empty)
{
  qk_policy policy = rate_policy(3, 1000);
  qk_store *store = open_hall(&policy);
  for (int i = 0; i < 10; i++) {
    fixture_advance(60000);
    TICK_ADMITS(store, 0);
  }
  enter_crowd(store, 1, 10);
  TICK_ADMITS(store, 3);
  TICK_ADMITS(store, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_lapsed_offer_gives_no_admission_back)
{
  qk_policy policy = rate_policy(2, 1000);
  policy.ready_ms = 100;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 5);
  TICK_ADMITS(store, 2);
  advance_to(100);
  TICK_LAPSES(store, 2);
  advance_to(1018);
  TICK_ADMITS(store, 0);
  advance_to(1019);
  TICK_ADMITS(store, 2);
  qk_close(store);
}
END_TEST

START_TEST(a_release_gives_no_admission_back)
{
  qk_policy policy = rate_policy(2, 1000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 5);
  TICK_ADMITS(store, 2);
  ACTIVATE(store, "u1");
  RELEASE(store, "u1");
  RELEASE(store, "u2");
  TICK_ADMITS(store, 0);
  qk_close(store);
}
END_TEST

START_TEST(eager_admissions_count_in_the_window)
{
  qk_policy policy = rate_policy(3, 1000);
  policy.eager = 1;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 2);
  CHECK_COUNTS(store, 0, 2, 0);
  advance_to(500);
  enter_crowd(store, 3, 6);
  CHECK_COUNTS(store, 3, 3, 0);
  TICK_ADMITS(store, 0);
  advance_to(1019);
  TICK_ADMITS(store, 2);
  qk_close(store);
}
END_TEST

START_TEST(the_least_of_rate_and_seats_admits)
{
  qk_policy policy = rate_policy(3, 1000);
  policy.max_active = 5;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 10);
  TICK_ADMITS(store, 3);
  advance_to(1019);
  TICK_ADMITS(store, 2);
  qk_close(store);
}
END_TEST

START_TEST(admissions_are_recorded_while_there_is_no_rate)
{
  qk_policy policy = rate_policy(0, 1000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 5);
  TICK_ADMITS(store, 5);
  enter_crowd(store, 6, 20);
  policy.rate = 6;
  SET_POLICY(store, &policy);
  TICK_ADMITS(store, 1);
  advance_to(1018);
  TICK_ADMITS(store, 0);
  advance_to(1019);
  TICK_ADMITS(store, 6);
  qk_close(store);
}
END_TEST

/* ---- A rate that changes in the middle ----------------------------------------------------------- */

START_TEST(a_new_rate_acts_at_once)
{
  qk_policy policy = rate_policy(3, 1000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 30);
  TICK_ADMITS(store, 3);
  policy.rate = 5;
  SET_POLICY(store, &policy);
  TICK_ADMITS(store, 2);
  policy.rate = 2;
  SET_POLICY(store, &policy);
  advance_to(1018);
  TICK_ADMITS(store, 0);
  advance_to(1019);
  TICK_ADMITS(store, 2);
  policy.rate = 0;
  SET_POLICY(store, &policy);
  TICK_ADMITS(store, 23);
  qk_close(store);
}
END_TEST

START_TEST(the_same_window_set_again_moves_nothing)
{
  qk_policy policy = rate_policy(3, 1000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 10);
  TICK_ADMITS(store, 3);
  advance_to(500);
  policy.rate = 4;
  SET_POLICY(store, &policy);
  TICK_ADMITS(store, 1);
  advance_to(1019);
  TICK_ADMITS(store, 3);
  qk_close(store);
}
END_TEST

static void check_new_window(int64_t set_ms, uint32_t window_ms)
{
  qk_policy policy = rate_policy(3, 1000);
  fixture_now_ms = FIXTURE_START;
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 20);
  TICK_ADMITS(store, 3);
  advance_to(set_ms);
  policy.rate_window_ms = window_ms;
  SET_POLICY(store, &policy);
  TICK_ADMITS(store, 0);
  advance_to(counts_until(set_ms, window_ms) - 1);
  TICK_ADMITS(store, 0);
  fixture_advance(1);
  TICK_ADMITS(store, 3);
  qk_close(store);
}

START_TEST(a_longer_window_starts_with_what_the_old_one_counted)
{
  check_new_window(500, 2000);
  check_new_window(501, 1001);
  check_new_window(1018, 86400000);
}
END_TEST

START_TEST(a_shorter_window_starts_with_what_the_old_one_counted)
{
  check_new_window(500, 100);
  check_new_window(999, 1);
  check_new_window(1018, 49);
}
END_TEST

START_TEST(a_new_window_forgets_what_the_old_one_had_forgotten)
{
  qk_policy policy = rate_policy(3, 1000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 10);
  TICK_ADMITS(store, 3);
  advance_to(1000);
  TICK_ADMITS(store, 0);
  advance_to(1019);
  policy.rate_window_ms = 60000;
  SET_POLICY(store, &policy);
  TICK_ADMITS(store, 3);
  qk_close(store);
}
END_TEST

START_TEST(a_new_window_counts_while_there_is_no_rate)
{
  qk_policy policy = rate_policy(0, 1000);
  qk_store *store = open_hall(&policy);
  enter_crowd(store, 1, 3);
  TICK_ADMITS(store, 3);
  enter_crowd(store, 4, 10);
  advance_to(700);
  policy.rate_window_ms = 5000;
  SET_POLICY(store, &policy);
  policy.rate = 3;
  SET_POLICY(store, &policy);
  advance_to(5798);
  TICK_ADMITS(store, 0);
  advance_to(5799);
  TICK_ADMITS(store, 3);
  qk_close(store);
}
END_TEST

void add_window_tests(TCase *tests)
{
  tcase_add_test(tests, a_window_of_1_ms_ends_with_its_millisecond);
  tcase_add_test(tests, a_window_of_49_ms_is_exact);
  tcase_add_test(tests, a_window_of_50_ms_is_exact);
  tcase_add_test(tests, a_window_of_51_ms_counts_in_slots_of_2_ms);
  tcase_add_test(tests, a_window_of_999_ms_counts_in_slots_of_20_ms);
  tcase_add_test(tests, a_window_of_a_second_counts_in_slots_of_20_ms);
  tcase_add_test(tests, a_window_of_a_day_counts_in_slots_of_1728_seconds);
  tcase_add_test(tests, every_tick_admits_exactly_what_the_window_leaves);
  tcase_add_test(tests, a_short_window_admits_anew_each_millisecond);
  tcase_add_test(tests, a_long_window_forgets_slot_by_slot);
  tcase_add_test(tests, admissions_of_different_slots_come_back_separately);
  tcase_add_test(tests, nothing_is_saved_up_while_the_line_is_empty);
  tcase_add_test(tests, a_lapsed_offer_gives_no_admission_back);
  tcase_add_test(tests, a_release_gives_no_admission_back);
  tcase_add_test(tests, eager_admissions_count_in_the_window);
  tcase_add_test(tests, the_least_of_rate_and_seats_admits);
  tcase_add_test(tests, admissions_are_recorded_while_there_is_no_rate);
  tcase_add_test(tests, a_new_rate_acts_at_once);
  tcase_add_test(tests, the_same_window_set_again_moves_nothing);
  tcase_add_test(tests, a_longer_window_starts_with_what_the_old_one_counted);
  tcase_add_test(tests, a_shorter_window_starts_with_what_the_old_one_counted);
  tcase_add_test(tests, a_new_window_forgets_what_the_old_one_had_forgotten);
  tcase_add_test(tests, a_new_window_counts_while_there_is_no_rate);
}
