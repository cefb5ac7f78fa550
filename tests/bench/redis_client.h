/* The benchmark's own ways to its server, beside the library's. */
#ifndef BENCH_REDIS_CLIENT_H
#define BENCH_REDIS_CLIENT_H

#include <stdint.h>
#include <hiredis/hiredis.h>
#include "server.h"

/* A blocking connection, to be freed with redisFree(); NULL after saying what is wrong. */
redisContext *client_connect(int port);
/* Whether it is a reply, and no error; says what is wrong. */
int client_answered(const redisContext *context, const redisReply *reply);
/* Forget all data. -1 after saying what is wrong. */
int client_flush(const struct server *server);
/* The number that follows upon name at the beginning of a line of that section of INFO; -1 if there is none.
 */
int64_t client_info(const struct server *server, const char *section, const char *name);

#endif
