/* What qk_metrics() owes, for any backend. */
#ifndef TESTS_CURSOR_METRICS_H
#define TESTS_CURSOR_METRICS_H

#include <check.h>
#include "fixture.h"

/* The tests as a case of one backend, named after it. */
TCase *metrics_case(const struct fixture *tested, void (*take_fixture)(void));

#endif
