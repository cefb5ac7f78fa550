/* A cluster: its map of slots, and each master. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

#define SLOTS 16384
#define TIMEOUT_LEAST_MS 2000
#define TIMEOUT_MOST_MS 30000

struct map {
  struct address *masters;
  size_t count;
  int covered; /* slots that somebody serves */
};

/* ---- The map ---- */

static struct address address_of(const redisReply *node, const struct address *asked)
{
  struct address address = *asked;
  /* A node that does not know its own address leaves it out. */
  if (node->elements >= 2 && node->element[0]->str != NULL && *node->element[0]->str != '\0')
    snprintf(address.host, sizeof address.host, "%s", node->element[0]->str);
  if (node->elements >= 2)
    address.port = (int)node->element[1]->integer;
  return address;
}

static void add_master(struct map *map, const struct address *address)
{
  for (size_t i = 0; i < map->count; i++)
    if (map->masters[i].port == address->port && strcmp(map->masters[i].host, address->host) == 0)
      return;
  map->masters[map->count++] = *address;
}

/* A range of slots: from, to, its master, its replicas. */
static void add_range(struct map *map, const redisReply *range, const struct address *asked)
{
  if (range->type != REDIS_REPLY_ARRAY || range->elements < 3 || range->element[2]->type != REDIS_REPLY_ARRAY)
    return;
  struct address address = address_of(range->element[2], asked);
  add_master(map, &address);
  map->covered += (int)(range->element[1]->integer - range->element[0]->integer) + 1;
}

static int read_map(struct map *map, struct link *link, const struct address *asked)
{
  redisReply *reply = link_ask(link, "CLUSTER SLOTS");
  if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
    freeReplyObject(reply);
    return -1;
  }
  map->masters = calloc(reply->elements + 1, sizeof *map->masters);
  for (size_t i = 0; map->masters != NULL && i < reply->elements; i++)
    add_range(map, reply->element[i], asked);
  freeReplyObject(reply);
  return map->masters != NULL ? 0 : -1;
}

/* ---- Its health ---- */

static void check_state(struct link *link, struct findings *findings)
{
  redisReply *reply = link_ask(link, "CLUSTER INFO");
  json_t *info = json_object();
  if (reply != NULL && reply->str != NULL)
    read_lines(info, reply->str);
  const char *state = json_string_value(json_object_get(info, "cluster_state"));
  if (state == NULL)
    found(findings, NOTE, "cluster", NULL, "Allow +cluster|info, or ask as another user.",
          "cannot see CLUSTER INFO, which this user may not read");
  else if (strcmp(state, "ok") != 0)
    found(findings, FAIL, "cluster", NULL, "redis-cli --cluster check names what is missing.",
          "cluster_state is %s", state);
  else
    found(findings, FINE, "cluster", NULL, "", "cluster_state is ok");
  json_decref(info);
  freeReplyObject(reply);
}

static void check_coverage(const struct map *map, struct findings *findings)
{
  if (map->covered < SLOTS)
    found(findings, FAIL, "slots", NULL, "redis-cli --cluster fix assigns them.",
          "%d of %d are served; queues in the others cannot be reached", map->covered, SLOTS);
  else
    found(findings, FINE, "slots", NULL, "", "all %d are served, by %zu masters", SLOTS, map->count);
}

static void check_settings(const struct server *server, struct findings *findings)
{
  int64_t limit_ms = server_setting_number(server, "cluster-node-timeout");
  const char *full = server_setting(server, "cluster-require-full-coverage");
  if (limit_ms >= 0 && limit_ms < TIMEOUT_LEAST_MS)
    found(findings, NOTE, "node timeout", server->name, "CONFIG SET cluster-node-timeout 5000.",
          "%d ms: a big key that moves may start a failover", (int)limit_ms);
  else if (limit_ms > TIMEOUT_MOST_MS)
    found(findings, NOTE, "node timeout", server->name, "CONFIG SET cluster-node-timeout 15000.",
          "%d ms: a failover takes longer than that", (int)limit_ms);
  if (full != NULL && strcmp(full, "yes") == 0)
    found(findings, NOTE, "full coverage", server->name, "",
          "cluster-require-full-coverage is yes: a master without successor stops all queues, not its own "
          "alone");
}

static void check_asking(struct server *server, struct findings *findings)
{
  redisReply *reply = link_ask(&server->link, "ASKING");
  if (reply == NULL && strncmp(server->link.trouble, "NOPERM", 6) == 0)
    found(findings, FAIL, "rights", server->name, "Allow +asking.",
          "ASKING is forbidden: while slots move, their queues cannot be reached");
  freeReplyObject(reply);
}

/* ---- All ---- */

static void examine_masters(struct servers *servers, const struct map *map, const struct target *target,
                            struct findings *findings)
{
  for (size_t i = 0; i < map->count; i++)
    servers_add(servers, target, &map->masters[i], findings);
  servers_check(servers, target, findings);
  for (size_t i = 0; i < servers->count; i++) {
    check_settings(&servers->list[i], findings);
    check_asking(&servers->list[i], findings);
  }
}

void examine_cluster(struct servers *servers, const struct target *target, struct findings *findings)
{
  struct map map = {0};
  char name[300];
  for (size_t i = 0; i < target->address_count && map.masters == NULL; i++) {
    const struct address *asked = &target->addresses[i];
    struct link link;
    address_show(asked, name, sizeof name);
    if (link_open(&link, target, asked) != 0 || read_map(&map, &link, asked) != 0)
      found(findings, WARN, "node", NULL, "Mend it, or take it out of the URI.", "%s: %s", name,
            link.trouble);
    else
      check_state(&link, findings);
    link_close(&link);
  }
  if (map.masters == NULL) {
    found(findings, FAIL, "reach", NULL, "Start the cluster, or mend the addresses in the URI.",
          "no node that the URI names can be asked");
    return;
  }
  check_coverage(&map, findings);
  examine_masters(servers, &map, target, findings);
  free(map.masters);
}
