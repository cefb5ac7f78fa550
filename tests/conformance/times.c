/* How long people waited and stayed, as qk_metrics() has it: of queues that were ticked, since of others a
 * store without views of its own shows nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conformance.h"
#include "helpers.h"

/* ---- Reading metrics ----------------------------------------------------------------------------- */

/* The value of HALL's series name; -1 if there is none. */
static double value_of(qk_store *store, const char *name)
{
  size_t len = strlen(name);
  double value = -1;
  char *text = qk_metrics(store);
  ck_assert_ptr_nonnull(text);
  for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
    const char *labels = line + len, *end = strchr(line, '}');
    if (!strncmp(line, name, len) && *labels == '{' && end && strstr(labels, "queue=\"" HALL "\"") &&
        strstr(labels, "queue=\"" HALL "\"") < end)
      value = strtod(end + 1, NULL);
  }
  qk_free(text);
  return value;
}

static void check_at(int line, qk_store *store, const char *family, double count, double sum_ms)
{
  char name[64];
  snprintf(name, sizeof name, "libqueue_%s_seconds_count", family);
  double got = value_of(store, name);
  ck_assert_msg(got == count, "line %d: %s is %f, not %f", line, name, got, count);
  snprintf(name, sizeof name, "libqueue_%s_seconds_sum", family);
  got = value_of(store, name);
  ck_assert_msg(got > sum_ms / 1000 - 0.0005 && got < sum_ms / 1000 + 0.0005, "line %d: %s is %f, not %f",
                line, name, got, sum_ms / 1000);
}

/* So many people, and so many ms together. */
#define CHECK_WAITS(store, count, sum_ms) check_at(__LINE__, store, "wait", count, sum_ms)
#define CHECK_STAYS(store, count, sum_ms) check_at(__LINE__, store, "stay", count, sum_ms)

static qk_policy one_seat(uint32_t eager)
{
  qk_policy policy = calm_policy();
  policy.max_active = 1;
  policy.eager = eager;
  return policy;
}

/* ---- Waits --------------------------------------------------------------------------------------- */

START_TEST(who_is_let_in_by_a_tick_waited_since_they_entered)
{
  qk_store *store = open_hall(NULL);
  ENTER(store, "ann");
  fixture_advance(1000);
  ENTER(store, "bob");
  ENTER(store, "cid");
  fixture_advance(4000);
  POLL(store, "ann");
  ENTER(store, "bob");
  TICK_ADMITS(store, 3);
  CHECK_WAITS(store, 3, 5000 + 2 * 4000);
  CHECK_STAYS(store, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(waits_are_those_of_each_class)
{
  qk_store *store = open_hall(NULL);
  for (int i = 1; i <= 8; i++) {
    CHECK_OK(qk_enter_class(store, HALL, person(i), (uint32_t)i % 3, NULL));
    fixture_advance(1000);
  }
  TICK_ADMITS(store, 8);
  CHECK_WAITS(store, 8, 36000);
  qk_close(store);
}
END_TEST

START_TEST(who_is_let_in_at_once_waited_for_nothing)
{
  qk_policy policy = one_seat(1);
  qk_store *store = open_hall(&policy);
  fixture_advance(1000);
  ENTER(store, "ann");
  TICK_ADMITS(store, 0);
  CHECK_WAITS(store, 1, 0);
  qk_close(store);
}
END_TEST

START_TEST(a_successor_waited_since_they_entered)
{
  qk_policy policy = one_seat(1);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  ENTER(store, "bob");
  fixture_advance(2000);
  ENTER(store, "cid");
  fixture_advance(1000);
  RELEASE(store, "ann");
  fixture_advance(1000);
  RELEASE(store, "bob");
  TICK_ADMITS(store, 0);
  CHECK_WAITS(store, 3, 0 + 3000 + 2000);
  CHECK_STAYS(store, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(who_is_let_in_by_bypass_waited_since_they_entered)
{
  qk_policy policy = one_seat(0);
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  fixture_advance(2000);
  ENTER(store, "bob");
  fixture_advance(1000);
  SET_MODE(store, QK_MODE_BYPASS);
  ENTER(store, "bob");
  ENTER(store, "ann");
  TICK_ADMITS(store, 0);
  CHECK_WAITS(store, 2, 1000 + 3000);
  qk_close(store);
}
END_TEST

START_TEST(who_leaves_the_line_never_waited)
{
  qk_policy policy = one_seat(0);
  policy.idle_ms = 5000;
  qk_store *store = open_hall(&policy);
  ENTER(store, "ann");
  ENTER(store, "bob");
  fixture_advance(5000);
  RELEASE(store, "ann");
  TICK_DROPS(store, 1);
  CHECK_WAITS(store, 0, 0);
  qk_close(store);
}
END_TEST

/* ---- Stays --------------------------------------------------------------------------------------- */

START_TEST(a_stay_lasts_from_activation_to_release)
{
  qk_store *store = open_hall(NULL);
  ADMIT(store, "ann");
  ADMIT(store, "bob");
  fixture_advance(1000);
  ACTIVATE(store, "ann");
  fixture_advance(7000);
  ACTIVATE(store, "ann");
  RELEASE(store, "ann");
  RELEASE(store, "bob");
  CHECK_STAYS(store, 1, 7000);
  qk_close(store);
}
END_TEST

START_TEST(a_stay_goes_on_through_extends_and_other_policies)
{
  qk_policy policy = calm_policy();
  policy.max_extends = 3;
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "ann");
  fixture_advance(1000);
  EXTEND(store, "ann");
  fixture_advance(10000);
  policy.active_ms = 20000;
  SET_POLICY(store, &policy);
  EXTEND(store, "ann");
  EXTEND(store, "ann");
  fixture_advance(9000);
  RELEASE(store, "ann");
  CHECK_STAYS(store, 1, 20000);
  qk_close(store);
}
END_TEST

/* Nobody is inside after the deadline, however late it is seen. */
START_TEST(a_stay_that_expires_ends_at_the_deadline)
{
  qk_policy policy = calm_policy();
  policy.max_extends = 1;
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "ann");
  ADMIT_ACTIVE(store, "bob");
  fixture_advance(1000);
  EXTEND(store, "bob");
  fixture_advance(500000);
  TICK_EXPIRES(store, 2);
  CHECK_STAYS(store, 2, 60000 + 61000);
  qk_close(store);
}
END_TEST

START_TEST(whoever_enters_again_after_an_expired_stay_ends_it)
{
  qk_policy policy = one_seat(0);
  qk_store *store = open_hall(&policy);
  ADMIT_ACTIVE(store, "ann");
  fixture_advance(100000);
  ENTER(store, "ann");
  CHECK_STAYS(store, 1, 60000);
  ck_assert_uint_eq(STATS(store).expired, 1);
  qk_close(store);
}
END_TEST

START_TEST(a_seat_that_lapses_is_no_stay)
{
  qk_store *store = open_hall(NULL);
  ADMIT(store, "ann");
  fixture_advance(100000);
  TICK_LAPSES(store, 1);
  CHECK_STAYS(store, 0, 0);
  qk_close(store);
}
END_TEST

/* More than one step of a tick, and more than one person a ms. */
START_TEST(a_crowd_is_measured_to_a_hundredth)
{
  qk_policy policy = calm_policy();
  policy.max_active = 3000;
  qk_store *store = open_hall(&policy);
  double sum_ms = 0;
  for (int i = 0; i < 300; i++) {
    enter_crowd(store, 5 * i + 1, 5 * i + 5);
    sum_ms += 5.0 * (10000 + 7 * (300 - i));
    fixture_advance(7);
  }
  fixture_advance(10000);
  CHECK_OK(qk_tick(store, HALL, NULL));
  ck_assert_uint_eq(STATS(store).ready, 1500);
  ck_assert(value_of(store, "libqueue_wait_seconds_count") == 1500);
  double got_ms = 1000 * value_of(store, "libqueue_wait_seconds_sum");
  ck_assert_msg(got_ms > sum_ms * 0.99 && got_ms < sum_ms * 1.01, "%f, not %f", got_ms, sum_ms);
  qk_close(store);
}
END_TEST

void add_time_tests(TCase *tests)
{
  tcase_add_test(tests, who_is_let_in_by_a_tick_waited_since_they_entered);
  tcase_add_test(tests, waits_are_those_of_each_class);
  tcase_add_test(tests, who_is_let_in_at_once_waited_for_nothing);
  tcase_add_test(tests, a_successor_waited_since_they_entered);
  tcase_add_test(tests, who_is_let_in_by_bypass_waited_since_they_entered);
  tcase_add_test(tests, who_leaves_the_line_never_waited);
  tcase_add_test(tests, a_stay_lasts_from_activation_to_release);
  tcase_add_test(tests, a_stay_goes_on_through_extends_and_other_policies);
  tcase_add_test(tests, a_stay_that_expires_ends_at_the_deadline);
  tcase_add_test(tests, whoever_enters_again_after_an_expired_stay_ends_it);
  tcase_add_test(tests, a_seat_that_lapses_is_no_stay);
  tcase_add_test(tests, a_crowd_is_measured_to_a_hundredth);
}
