/* A redis-server of the benchmark's own: on a free loopback port, in a temporary folder, without
 * persistence. */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <sys/types.h>

#define SERVER_HOST "127.0.0.1"

struct server {
  pid_t pid;
  int port;
  char folder[64], uri[64], version[32];
  char why[96]; /* it did not start */
};

/* -1 with why. */
int server_start(struct server *server, const char *program);
/* Nothing if it is not running. */
void server_stop(struct server *server);
/* Bind a listening socket to a free loopback port of the benchmark's range. -1 if there is none. */
int server_listen(int *port);

#endif
