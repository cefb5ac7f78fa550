/* Calls that must be refused: each breaks one rule of what may be passed. That they change nothing is found
 * out by the audit that follows every operation. */
#ifndef TESTS_MODEL_HOSTILE_H
#define TESTS_MODEL_HOSTILE_H

#include <qk.h>
#include "compare.h"

#define HOSTILE_KINDS 32

struct hostile {
  qk_store *store;
  const char *queue, *user; /* valid ones */
  const char *token;        /* a valid one, or NULL */
  uint64_t pick;            /* chooses among variants */
};

/* What the kind does, in a few words. */
const char *hostile_name(uint32_t kind);
/* Do it and check the code and the outputs. */
void hostile_run(uint32_t kind, const struct hostile *hostile, struct verdict *verdict);

#endif
