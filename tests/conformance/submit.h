/* Ops for the tests of submit and reap, which are spread over submit.c, loop.c and threads.c. */
#ifndef TESTS_SUBMIT_H
#define TESTS_SUBMIT_H

#include <check.h>
#include "calls.h"

void add_loop_tests(TCase *tests);   /* the descriptor, wake-ups, signals */
void add_thread_tests(TCase *tests); /* several threads, and the end */

/* The default window, and how long a test waits for what must come. */
enum { WINDOW = 16384, OPS_MAX = WINDOW + 1, PATIENCE_MS = 40000 };

/* HALL in a store that gives any call a minute: thousands of ops on a slow backend under a checker need it.
 */
qk_store *open_patient(void);

/* Ops on persons of their own in HALL, and pointers to them. */
extern qk_op op[OPS_MAX], *ops[OPS_MAX];
extern qk_ticket tickets[OPS_MAX];
extern char names[OPS_MAX][16];
/* Make op[first] and the next ones: verb of the persons "u<index>". */
void make_ops(int32_t verb, int first, int count);

/* Reap until count ops are here, each once. */
#define REAP_ALL(store, count) reap_all_at(__LINE__, store, count)
void reap_all_at(int line, qk_store *store, int count);
/* There is nothing to reap. */
#define CHECK_IDLE(store) check_idle_at(__LINE__, store)
void check_idle_at(int line, qk_store *store);
/* op[first] and the next ones have this result. */
void check_results(int first, int count, int32_t result);

#endif
