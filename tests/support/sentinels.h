/* A master, its replica and three sentinels for tests, on servers.h: its rules hold here too. */
#ifndef TESTS_SENTINELS_H
#define TESTS_SENTINELS_H

#include "servers.h"

enum { SENTINELS = 3 };
#define SENTINEL_MASTER "hall-master" /* the name that the sentinels know */

struct sentinels {
  struct server *data[2];
  struct server *watchers[SENTINELS];
};

/* Start them all. Returns when each sentinel knows the master, its replica and the other sentinels, and the
 * replica has the data. settings as of server_start(), for master and replica. A master that does not answer
 * for a second is down. */
struct sentinels *sentinels_start(const char *const *settings);
void sentinels_stop(struct sentinels *sentinels);

/* "redis+sentinel://127.0.0.1:PORT,.../hall-master", then what follows, a query. */
void sentinels_uri(const struct sentinels *sentinels, const char *rest, char *out, size_t size);

/* The index of the master in data as all sentinels that run see it; -1 if they do not agree. */
int sentinels_master(const struct sentinels *sentinels);
/* Kill the master and wait until all sentinels name the other one, and it is a master. Returns its index. */
int sentinels_fail_over(struct sentinels *sentinels);
/* Start the killed one as a replica of the master, as the sentinels would after about ten seconds. */
void sentinels_heal(struct sentinels *sentinels);

#endif
