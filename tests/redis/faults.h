/* What the fault tests on real servers have in common. Each test starts its own servers, so that it may do
 * anything to them. */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include <check.h>
#include "helpers.h"
#include "servers.h"

void add_count_tests(TCase *tests);   /* what metrics say of the way to a server */
void add_crash_tests(TCase *tests);   /* servers that die, stop, forget */
void add_damage_tests(TCase *tests);  /* keys that vanish or change, memory that is full */
void add_refusal_tests(TCase *tests); /* what qk_open does not accept */
void add_hosts_tests(TCase *tests);   /* many processes, some of them stopped */
void add_cluster_tests(TCase *tests); /* masters that die, slots that move */
void add_replica_tests(TCase *tests); /* replicas=k */

/* The suite of one program: "faults: name" with the tests that add adds. Ends with the exit status. */
int faults_main(const char *name, void (*const *adds)(TCase *tests));

/* "redis://127.0.0.1:PORT/" and query, valid until the next call. */
const char *server_uri(const struct server *server, const char *query);
/* Open uri with the fixture's clock, cursor_ms 0 and timeout_ms; clock=host is added. */
qk_store *open_with_clock(const char *uri, uint32_t timeout_ms);
/* The same with the server's clock. */
qk_store *open_plain(const char *uri, uint32_t timeout_ms);
/* HALL with policy (NULL = calm_policy()) in a store with the fixture's clock. */
qk_store *open_hall_at(const struct server *server, const qk_policy *policy);

#endif
