/* The public calls as tables, so that a test can say "every call". */
#ifndef TESTS_CALLS_H
#define TESTS_CALLS_H

#include <qk.h>
#include "helpers.h"

/* Calls on one queue. Each checks that a failure leaves its output zeroed. */
struct queue_call {
  const char *name;
  int (*call)(qk_store *store, const char *queue); /* QK_OK or a code */
  int creates;                                     /* 1: makes an unknown queue */
  int null_is_all;                                 /* 1: takes NULL for every queue */
};
enum { QUEUE_CALLS = 8 };
extern const struct queue_call queue_calls[QUEUE_CALLS];

/* Calls on one person. */
struct person_call {
  const char *name;
  verb_function *call;
  int creates;
};
enum { PERSON_CALLS = 6 };
extern const struct person_call person_calls[PERSON_CALLS];

/* Calls on a token: the four verbs, then qk_verify. */
struct token_call {
  const char *name;
  int (*call)(qk_store *store, const char *token, qk_ticket *out);
};
enum { TOKEN_VERBS = 4, TOKEN_CALLS = 5 };
extern const struct token_call token_calls[TOKEN_CALLS];

/* An op of this library's size whose words for the library hold rubbish: they need no initial value. */
qk_op make_op(int32_t verb, const char *queue, const char *user, qk_ticket *ticket);
/* The same by token. */
qk_op make_token_op(int32_t verb, const char *token, qk_ticket *ticket);

/* How many queues there are. */
int count_queues(qk_store *store);

/* The clock that qk_reap() waits by; the fixture's never moves by itself. */
int64_t monotonic_ms(void);

/* All of the size bytes at data are 0. */
#define CHECK_ZERO(data, size) zero_at(__LINE__, data, size)
void zero_at(int line, const void *data, size_t size);

#endif
