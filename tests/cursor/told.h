/* A line in which people far back poll by token. */
#ifndef TESTS_CURSOR_TOLD_H
#define TESTS_CURSOR_TOLD_H

#include <check.h>
#include "helpers.h"

enum {
  IDLE_MS = 6000,
  NEAR = 1100 /* so many stand before those far back */
};

extern const struct fixture told_fixture;
/* Nobody is admitted. */
qk_policy told_policy(uint32_t idle_ms);
/* Polls in HALL that the store is yet to be told of. */
size_t told_notes(qk_store *of);

TCase *alarm_case(void);

#endif
