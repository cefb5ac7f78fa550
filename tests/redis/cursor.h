/* Polls that the cursor answers, on real Redis servers: a line of people with their tokens, and what the
 * server was asked meanwhile. */
#ifndef TESTS_REDIS_CURSOR_H
#define TESTS_REDIS_CURSOR_H

#include "faults.h"

enum { LINE_NEAR = 1100, LINE_FAR = 300, LINE_ALL = LINE_NEAR + LINE_FAR };

/* Tokens of who entered with enter_line(), by arrival. */
extern char (*line_tokens)[QK_TOKEN_SIZE];

/* Open a host on server, with this query: "clock=host" gives it the fixture's clock, which stands. */
qk_store *open_host(const struct server *server, const char *query);
/* HALL with so many seats and idle_ms; nobody is admitted but by ticks. */
void make_hall(qk_store *store, uint64_t max_active, uint32_t idle_ms);
/* LINE_ALL people enter HALL: the LINE_FAR last ones stand too far back to be asked for. */
void enter_line(qk_store *store);
/* How many commands the server has done, but for asking that. */
long long commands_done(const struct server *server);
/* A sample of qk_metrics(): its value, or -1 if there is none. sample: "libqueue_x{..., all labels}" begins
 * so, and goes on with label somewhere. */
double metric(qk_store *store, const char *name, const char *label);

void add_answer_tests(TCase *tests);
void add_life_tests(TCase *tests);
void add_told_tests(TCase *tests);

#endif
