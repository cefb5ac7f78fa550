/* A redis-server of the benchmark's own: on a free loopback port, in a temporary folder, without
 * persistence. */
#ifndef BENCH_REDIS_SERVER_H
#define BENCH_REDIS_SERVER_H

#include <stdint.h>
#include <sys/types.h>
#include <hiredis/hiredis.h>

#define SERVER_HOST "127.0.0.1"

struct server {
  pid_t pid;
  int port;
  char folder[64], uri[64], version[32];
};

/* -1 after saying what is wrong. */
int server_start(struct server *server);
/* Nothing if it is not running. */
void server_stop(struct server *server);

/* A blocking connection, to be freed with redisFree(); NULL after saying what is wrong. */
redisContext *server_connect(int port);
/* Whether it is a reply, and no error; says what is wrong. */
int server_answered(const redisContext *context, const redisReply *reply);
/* Forget all data. -1 after saying what is wrong. */
int server_flush(const struct server *server);
/* The memory of all data, and of what serves it; -1 after saying what is wrong. */
int64_t server_used_memory(const struct server *server);

/* Bind a listening socket to a free loopback port of the benchmark's range. -1 if there is none. */
int server_listen(int *port);

#endif
