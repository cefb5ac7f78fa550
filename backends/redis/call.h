/* Verbs on their way: works are gathered per queue and leave as calls of verbs.lua. */
#ifndef QKR_CALL_H
#define QKR_CALL_H

#include "head.h"

#define QKR_CALL_WORKS 512

/* One script call. */
struct qkr_call {
  struct qkr_request request; /* first */
  struct qkr_store *store;
  struct qkr_lane *lane;
  qk_work *works[QKR_CALL_WORKS];
  size_t n;
  uint64_t nonces[QKR_CALL_WORKS]; /* of extends: by these a repeat is known */
  uint64_t create_epoch;           /* not 0: the queue may be created with it */
  int is_read;                     /* some try was answered */
  uint64_t granted;                /* not 0: grants up to here are to be confirmed */
};

/* Take a work of a lane. */
void qkr_call_take(struct qkr_store *store, struct qkr_lane *lane, qk_work *work);
/* Send what may leave now. */
void qkr_call_flush(struct qkr_store *store, struct qkr_lane *lane);
/* Read a call's answer into its works. As answer() of a request. */
int qkr_call_read(struct qkr_call *call, const struct qkr_reply *reply);
/* End a work with a code, its ticket blank. */
void qkr_work_fail(qk_work *work, int code);

#endif
