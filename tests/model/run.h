/* Runs a trace on the library and on the oracle, and compares after every operation. */
#ifndef TESTS_MODEL_RUN_H
#define TESTS_MODEL_RUN_H

#include "compare.h"
#include "trace.h"

/* Run trace on a fresh store of the fixture. verdict is zeroed, and lives in memory that survives a crash.
 * Stops after the first operation that was wrong. */
void run_trace(const struct trace *trace, struct verdict *verdict);

#endif
