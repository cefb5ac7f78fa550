/* Short words for the tests of tokens, which are spread over tokens.c and forgery.c. */
#ifndef TESTS_TOKENS_H
#define TESTS_TOKENS_H

#include <check.h>
#include "calls.h"

void add_forgery_tests(TCase *tests); /* keys and forged tokens; add_token_tests() calls it */

struct token {
  char text[QK_TOKEN_SIZE];
};

/* The token of ticket. */
struct token token_of(qk_store *store, const qk_ticket *ticket);

/* qk_verify gives code and a ticket of ticket's state and identity. Returns what it filled. */
#define VERIFY(store, token, ticket, code) verify_at(__LINE__, store, token, ticket, code)
qk_ticket verify_at(int line, qk_store *store, const struct token *token, const qk_ticket *ticket, int code);

/* Every call refuses token as forged. */
#define CHECK_FORGED(store, token) forged_at(__LINE__, store, token)
void forged_at(int line, qk_store *store, const char *token);

/* Every verb finds that the entry of ticket is over. */
#define CHECK_OVER(store, token, ticket) over_at(__LINE__, store, token, ticket)
void over_at(int line, qk_store *store, const struct token *token, const qk_ticket *ticket);

#endif
