#include <stdio.h>
#include "conformance.h"

static const struct fixture *backend;

static const struct area {
  const char *name;
  void (*add)(TCase *tests);
} areas[] = {
    {"life", add_life_tests},
    {"dead", add_dead_tests},
    {"eager", add_eager_tests},
    {"admission", add_admission_tests},
    {"window", add_window_tests},
    {"modes", add_mode_tests},
    {"accounting", add_accounting_tests},
    {"clocks", add_clock_tests},
    {"ticks", add_tick_tests},
    {"idle", add_idle_tests},
    {"events", add_event_tests},
    {"eta", add_eta_tests},
    {"many", add_many_tests},
    {"input", add_input_tests},
    {"tokens", add_token_tests},
    {"batch", add_batch_tests},
    {"submit", add_submit_tests},
    {"policies", add_policy_tests},
    {"views", add_views_tests},
    {"times", add_time_tests},
};

enum { AREAS = sizeof areas / sizeof areas[0] };

static void take_fixture(void)
{
  fixture = backend;
  fixture_now_ms = FIXTURE_START;
}

Suite *conformance_suite(const struct fixture *chosen)
{
  static char names[AREAS][64]; /* Check keeps the pointers */
  Suite *suite = suite_create(chosen->name);
  fixture = backend = chosen; /* some tests are for stores that a second host can share */
  for (size_t i = 0; i < AREAS; i++) {
    snprintf(names[i], sizeof names[i], "%s: %s", chosen->name, areas[i].name);
    TCase *tests = tcase_create(names[i]);
    tcase_add_checked_fixture(tests, take_fixture, NULL);
    tcase_set_timeout(tests, 60);
    areas[i].add(tests);
    suite_add_tcase(suite, tests);
  }
  return suite;
}
