/* Runs Check suites and closes with the one line that ./dev check adds up. */
#ifndef TESTS_RUNNER_H
#define TESTS_RUNNER_H

#include <check.h>

/* Run suite and print "N passed, N failed, N skipped". Returns the exit status: 0 only if at least one test
 * ran and none failed. Frees the suite. */
int runner_main(Suite *suite);

#endif
