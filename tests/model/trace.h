/* Traces: lists of operations made from a 64-bit seed. An operation names queues, people and kept tokens by
 * number and holds all its values, so a trace from which some were taken out can still be run, and means the
 * same elsewhere. */
#ifndef TESTS_MODEL_TRACE_H
#define TESTS_MODEL_TRACE_H

#include <stddef.h>
#include <stdio.h>
#include <qk.h>
#include "names.h"

#define TRACE_SLOTS 24   /* places that keep tokens, 1 to TRACE_SLOTS */
#define TRACE_CROWD 1000 /* people from this number on come in crowds */

enum {
  OP_VERB = 1, /* verb on user of queue, or by the token in slot */
  OP_TICK,     /* queue, or ORACLE_ALL */
  OP_CROWD,    /* count people from user on, each stride-th of them, do verb in one batch */
  OP_CLOCK,    /* the host's clock moves by ms */
  OP_NEXT,     /* it moves by next_ms of the last tick, and ms more */
  OP_POLICY,
  OP_MODE, /* to count */
  OP_REMOVE,
  OP_LIST,   /* a page of count from (cls, after) */
  OP_VERIFY, /* the token in slot */
  OP_QUEUES, /* the list of queues */
  OP_HOSTILE /* something invalid, the count-th way; see hostile.h */
};

struct op {
  int32_t kind, verb;
  uint32_t queue, user, cls, count;
  uint32_t stride;
  uint32_t slot;  /* 0: by name */
  uint32_t keep;  /* where the token of the ticket is kept; 0: nowhere */
  uint32_t quiet; /* 1: no ticket is asked for */
  uint32_t batch; /* neighbours with the same one, not 0, are one batch: even by qk_batch, odd by qk_submit */
  int64_t ms;
  uint64_t after;
  qk_policy policy;
};

struct trace {
  uint64_t seed;
  uint32_t queues, users, classes; /* how many of each take part */
  uint32_t rush;                   /* 1: large lines */
  uint32_t budget, create;         /* of qk_options */
  qk_policy defaults;
  struct op *ops;
  size_t count;
};

/* Make the trace of a seed with count operations. */
void trace_create(struct trace *trace, uint64_t seed, size_t count);
void trace_destroy(struct trace *trace);
/* Write one operation as a line; the whole trace with its settings. */
void trace_print_op(FILE *out, const struct op *op);
void trace_print(FILE *out, const struct trace *trace);

#endif
