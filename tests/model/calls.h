/* The verbs of qk.h by number. */
#ifndef TESTS_MODEL_CALLS_H
#define TESTS_MODEL_CALLS_H

#include <qk.h>

/* qk_enter (qk_enter_class if cls is not 0) to qk_release. */
int calls_verb(qk_store *store, int32_t verb, const char *queue, const char *user, uint32_t cls,
               qk_ticket *out);
/* qk_poll_token to qk_release_token. */
int calls_token(qk_store *store, int32_t verb, const char *token, qk_ticket *out);
/* Carry out ops by qk_submit and qk_reap. 1 if each came back exactly once. count at most 16,384. */
int calls_submit(qk_store *store, qk_op *ops, size_t count);

#endif
