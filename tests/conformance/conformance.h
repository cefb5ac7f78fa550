/* The conformance suite: what every backend owes, written once against struct fixture and the public API. A
 * backend gets all of it with a main of a few lines (memory.c is the example). One suite per process: the
 * running fixture is global. */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include <check.h>
#include "fixture.h"

/* One test case per area, named "<backend>: <area>". The fixture must outlive the suite. */
Suite *conformance_suite(const struct fixture *fixture);

/* Each area adds its tests to a case whose setup has set the fixture and the clock. */
void add_life_tests(TCase *tests);
void add_dead_tests(TCase *tests);
void add_eager_tests(TCase *tests);
void add_admission_tests(TCase *tests);
void add_window_tests(TCase *tests);
void add_mode_tests(TCase *tests);
void add_accounting_tests(TCase *tests);
void add_clock_tests(TCase *tests);
void add_tick_tests(TCase *tests);
void add_idle_tests(TCase *tests);
void add_event_tests(TCase *tests);
void add_eta_tests(TCase *tests);
void add_many_tests(TCase *tests);
void add_input_tests(TCase *tests);
void add_token_tests(TCase *tests);
void add_batch_tests(TCase *tests);
void add_submit_tests(TCase *tests);
void add_policy_tests(TCase *tests);
void add_views_tests(TCase *tests);
void add_time_tests(TCase *tests);

#endif
