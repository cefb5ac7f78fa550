/* The views area is spread over views.c and json.c; add_views_tests() adds both. */
#ifndef TESTS_VIEWS_H
#define TESTS_VIEWS_H

#include <check.h>

void add_json_tests(TCase *tests); /* JSON, names, version */

#endif
