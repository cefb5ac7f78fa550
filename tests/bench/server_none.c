/* A build without Redis. */
#include <stdio.h>
#include "server.h"

int server_start(struct server *server, const char *program)
{
  (void)program;
  snprintf(server->why, sizeof server->why, "this build has no Redis");
  return -1;
}

void server_stop(struct server *server)
{
  (void)server;
}
