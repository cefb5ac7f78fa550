#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "redis_client.h"

redisContext *client_connect(int port)
{
  redisContext *context = redisConnect(SERVER_HOST, port);
  if (context && !context->err)
    return context;
  fprintf(stderr, "bench: port %d: %s\n", port, context ? context->errstr : "no memory");
  if (context)
    redisFree(context);
  return NULL;
}

int client_answered(const redisContext *context, const redisReply *reply)
{
  if (reply && reply->type != REDIS_REPLY_ERROR)
    return 1;
  fprintf(stderr, "bench: redis: %s\n", reply ? reply->str : context->errstr);
  return 0;
}

int client_flush(const struct server *server)
{
  redisContext *context = client_connect(server->port);
  if (!context)
    return -1;
  redisReply *reply = redisCommand(context, "FLUSHALL SYNC");
  int rc = client_answered(context, reply) ? 0 : -1;
  freeReplyObject(reply);
  redisFree(context);
  return rc;
}

int64_t client_info(const struct server *server, const char *section, const char *name)
{
  char line[64];
  int64_t number = -1;
  redisContext *context = client_connect(server->port);
  if (!context)
    return -1;
  redisReply *reply = redisCommand(context, "INFO %s", section);
  if (client_answered(context, reply)) {
    snprintf(line, sizeof line, "\n%s", name);
    const char *found = strstr(reply->str, line);
    number = found ? strtoll(found + strlen(line), NULL, 10) : -1;
  }
  freeReplyObject(reply);
  redisFree(context);
  return number;
}
