/* The Redis backend as a store under test, on one server and on a cluster. main() starts the servers before
 * the suite runs and stops them after it; every store gets keys of its own. */
#ifndef TESTS_REDIS_H
#define TESTS_REDIS_H

#include "clusters.h"
#include "fixture.h"

/* Start a server, or a cluster, and give the fixture on it. scheme: what stands before "redis", as "crowd+"
 * of crowd.h; "" otherwise. One of them per program. */
const struct fixture *redis_start_server(const char *scheme);
const struct fixture *redis_start_cluster(const char *scheme);
void redis_stop(void);

#endif
