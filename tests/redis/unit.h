/* Unit tests of the Redis backend's modules: one file per module, one test case each, one program. */
#ifndef TESTS_REDIS_UNIT_H
#define TESTS_REDIS_UNIT_H

#include "tests/unit/unit.h"

TCase *reply_case(void);
TCase *settings_case(void);
TCase *slot_case(void);

#endif
