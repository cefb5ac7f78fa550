/* The input area is spread over three files; add_input_tests() adds them all. */
#ifndef TESTS_INPUT_H
#define TESTS_INPUT_H

#include <check.h>

void add_open_tests(TCase *tests); /* options, URIs, secrets */
void add_fork_tests(TCase *tests);

#endif
