/* Submit and reap at full load in memory, where ops are done inside qk_submit(), and in a memory store that
 * answers late, where they are done inside qk_reap(). */
#include <stddef.h>
#include <stdio.h>
#include "stress.h"
#include "wrap.h"

static const char *const schemes[] = {"memory:", "late+memory:"};

enum { SCHEMES = sizeof schemes / sizeof schemes[0] };

static const char *with_window(int scheme, int window)
{
  static char uri[64];
  snprintf(uri, sizeof uri, "%s?window=%d", schemes[scheme], window);
  return uri;
}

START_TEST(a_hundred_thousand_ops_in_flight_come_back_once)
{
  struct stress_plan plan = {.uri = with_window(_i, 131072),
                             .timeout_ms = 60000,
                             .people = 100000,
                             .queues = 8,
                             .seats = 2000,
                             .batch = 512,
                             .ops = 1000000,
                             .submitters = 2,
                             .pollers = 2,
                             .lookers = 1,
                             .floods = 1};
  struct stress_report report = stress_run(&plan);
  ck_assert_int_eq(report.peak, 100000);
  ck_assert_uint_gt(report.ticks, 0);
}
END_TEST

START_TEST(a_window_that_is_always_full_loses_nothing)
{
  struct stress_plan plan = {.uri = with_window(_i, 64),
                             .timeout_ms = 60000,
                             .people = 2000,
                             .queues = 3,
                             .seats = 100,
                             .batch = 64,
                             .ops = 300000,
                             .submitters = 3,
                             .pollers = 1,
                             .waiters = 2};
  struct stress_report report = stress_run(&plan);
  ck_assert_int_gt(report.full, 0);
}
END_TEST

static qk_store *open_memory(const char *settings)
{
  char uri[64];
  snprintf(uri, sizeof uri, "memory:?%s", settings);
  return stress_open(uri, 60000);
}

static qk_store *open_late(const char *settings)
{
  char uri[64];
  snprintf(uri, sizeof uri, "late+memory:?%s", settings);
  return stress_open(uri, 60000);
}

static void add_memory_tests(TCase *tests)
{
  static open_function *const opens[] = {open_memory, open_late};
  add_window_tests(tests, opens, 2);
  tcase_add_loop_test(tests, a_hundred_thousand_ops_in_flight_come_back_once, 0, SCHEMES);
  tcase_add_loop_test(tests, a_window_that_is_always_full_loses_nothing, 0, SCHEMES);
}

int main(int argc, char **argv)
{
  static void (*const adds[])(TCase *) = {add_memory_tests, NULL};
  return late_register("memory") == QK_OK ? stress_main(argc, argv, "stress: memory", adds) : 1;
}
