#include "sentinels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Starting -------------------------------------------------------------------------------------- */

static struct server *start_watcher(const struct server *master)
{
  char text[512];
  snprintf(text, sizeof text,
           "sentinel monitor %s 127.0.0.1 %u 2\n"
           "sentinel down-after-milliseconds %s 1000\n"
           "sentinel failover-timeout %s 3000\n",
           SENTINEL_MASTER, (unsigned)master->port, SENTINEL_MASTER, SENTINEL_MASTER);
  return server_start_sentinel(text);
}

/* The value of field in a flat array of fields and values. */
static long number_in(const redisReply *reply, const char *field)
{
  for (size_t i = 0; i + 1 < reply->elements; i += 2)
    if (strcmp(reply->element[i]->str, field) == 0)
      return atol(reply->element[i + 1]->str);
  return -1;
}

static int knows_all(const struct server *watcher)
{
  redisReply *reply = server_command(watcher, "SENTINEL MASTER %s", SENTINEL_MASTER);
  int knows = reply && reply->type == REDIS_REPLY_ARRAY && number_in(reply, "num-slaves") == 1 &&
              number_in(reply, "num-other-sentinels") == SENTINELS - 1;
  freeReplyObject(reply);
  return knows;
}

static int all_know_all(void *data)
{
  const struct sentinels *sentinels = data;
  for (int i = 0; i < SENTINELS; i++)
    if (!knows_all(sentinels->watchers[i]))
      return 0;
  return 1;
}

struct sentinels *sentinels_start(const char *const *settings)
{
  struct sentinels *sentinels = calloc(1, sizeof *sentinels);
  if (!sentinels)
    servers_give_up(NULL, "out of memory");
  for (int i = 0; i < 2; i++)
    sentinels->data[i] = server_start(settings);
  server_follow(sentinels->data[1], sentinels->data[0]);
  for (int i = 0; i < SENTINELS; i++)
    sentinels->watchers[i] = start_watcher(sentinels->data[0]);
  servers_await("all sentinels know each other", all_know_all, sentinels);
  return sentinels;
}

void sentinels_stop(struct sentinels *sentinels)
{
  if (!sentinels)
    return;
  for (int i = 0; i < SENTINELS; i++)
    server_stop(sentinels->watchers[i]);
  for (int i = 0; i < 2; i++)
    server_stop(sentinels->data[i]);
  free(sentinels);
}

void sentinels_uri(const struct sentinels *sentinels, const char *rest, char *out, size_t size)
{
  size_t used = (size_t)snprintf(out, size, "redis+sentinel://");
  for (int i = 0; i < SENTINELS && used < size; i++)
    used += (size_t)snprintf(out + used, size - used, "%s127.0.0.1:%u", i ? "," : "",
                             (unsigned)sentinels->watchers[i]->port);
  if (used < size)
    snprintf(out + used, size - used, "/%s%s", SENTINEL_MASTER, rest);
}

/* ---- Changing masters ------------------------------------------------------------------------------ */

static int master_port(const struct server *watcher)
{
  redisReply *reply = server_command(watcher, "SENTINEL GET-MASTER-ADDR-BY-NAME %s", SENTINEL_MASTER);
  int port =
      reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 ? atoi(reply->element[1]->str) : 0;
  freeReplyObject(reply);
  return port;
}

int sentinels_master(const struct sentinels *sentinels)
{
  int port = 0;
  for (int i = 0; i < SENTINELS; i++) {
    if (!sentinels->watchers[i]->pid)
      continue;
    int seen = master_port(sentinels->watchers[i]);
    if (seen == 0 || (port != 0 && seen != port))
      return -1;
    port = seen;
  }
  return port == sentinels->data[0]->port ? 0 : port == sentinels->data[1]->port ? 1 : -1;
}

struct change {
  struct sentinels *sentinels;
  int after;
};

static int has_changed(void *data)
{
  const struct change *change = data;
  return sentinels_master(change->sentinels) == change->after &&
         server_has(change->sentinels->data[change->after], "role", "master");
}

int sentinels_fail_over(struct sentinels *sentinels)
{
  int before = sentinels_master(sentinels);
  struct change change = {sentinels, 1 - before};
  if (before < 0)
    servers_give_up(NULL, "the sentinels name no master");
  server_kill(sentinels->data[before]);
  servers_await("the sentinels promote the replica", has_changed, &change);
  return change.after;
}

/* On a busy machine the sentinels may have changed their mind meanwhile: ask them at each look. */
static int is_healed(void *data)
{
  struct sentinels *sentinels = data;
  int index = sentinels_master(sentinels);
  if (index < 0)
    return 0;
  struct server *master = sentinels->data[index], *other = sentinels->data[1 - index];
  if (!server_has(master, "role", "master"))
    return 0;
  if (!server_has(other, "role", "slave"))
    server_must(other, "REPLICAOF 127.0.0.1 %d", (int)master->port);
  return server_has_caught_up(other, master);
}

void sentinels_heal(struct sentinels *sentinels)
{
  for (int i = 0; i < 2; i++)
    if (!sentinels->data[i]->pid)
      server_restart(sentinels->data[i]);
  servers_await("the old master follows the new one", is_healed, sentinels);
}
