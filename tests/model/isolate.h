/* Runs a trace in a child process, so that a crash, an abort or a hang is a verdict like any other. */
#ifndef TESTS_MODEL_ISOLATE_H
#define TESTS_MODEL_ISOLATE_H

#include "compare.h"
#include "trace.h"

/* A verdict in memory that a child shares. The process ends if there is none. */
struct verdict *isolate_create(void);
void isolate_destroy(struct verdict *verdict);

/* Run trace in a child and wait for it; after limit_s seconds it is ended. Its standard error goes to the
 * void while quiet is 1. */
void isolate_run(const struct trace *trace, struct verdict *verdict, unsigned limit_s, int quiet);

#endif
