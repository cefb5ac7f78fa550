/* The memory backend as a store under test, its invariants checked after every step. */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include "fixture.h"

extern const struct fixture memory_fixture;

#endif
