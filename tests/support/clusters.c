#include "clusters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS 32
#define ID_SIZE 41

/* ---- Starting -------------------------------------------------------------------------------------- */

static const char *const basics[] = {"cluster-enabled", "yes", "cluster-node-timeout", "1000", NULL};

/* The nodes' settings: the basic ones, then those of the caller. Shared by all nodes, freed with them. */
static const char **join_settings(const char *const *settings)
{
  const char **all = calloc(SETTINGS, sizeof *all);
  size_t n = 0;
  if (!all)
    servers_give_up(NULL, "out of memory");
  for (size_t i = 0; basics[i]; i++)
    all[n++] = basics[i];
  for (size_t i = 0; settings && settings[i] && n < SETTINGS - 1; i++)
    all[n++] = settings[i];
  return all;
}

static void read_id(const struct server *node, char id[ID_SIZE])
{
  redisReply *reply = server_command(node, "CLUSTER MYID");
  if (!reply || reply->type != REDIS_REPLY_STRING || reply->len != ID_SIZE - 1)
    servers_give_up(node, "the node has no id");
  memcpy(id, reply->str, ID_SIZE);
  freeReplyObject(reply);
}

/* CLUSTER ADDSLOTS with the node's third of all slots. */
static void give_slots(const struct server *node, int third)
{
  int first = third * CLUSTER_SLOTS / CLUSTER_MASTERS, end = (third + 1) * CLUSTER_SLOTS / CLUSTER_MASTERS;
  static char numbers[CLUSTER_SLOTS][6];
  static const char *words[CLUSTER_SLOTS + 2] = {"CLUSTER", "ADDSLOTS"};
  for (int slot = first; slot < end; slot++) {
    snprintf(numbers[slot], sizeof numbers[slot], "%d", slot);
    words[2 + slot - first] = numbers[slot];
  }
  redisReply *reply = server_command_words(node, 2 + end - first, words);
  if (!reply || reply->type == REDIS_REPLY_ERROR)
    servers_give_up(node, "the node takes no slots");
  freeReplyObject(reply);
}

static int all_know_all(void *data)
{
  const struct cluster *cluster = data;
  char known[16];
  for (int i = 0; i < CLUSTER_NODES; i++) {
    server_cluster_info(cluster->nodes[i], "cluster_known_nodes", known, sizeof known);
    if (atoi(known) != CLUSTER_NODES)
      return 0;
  }
  return 1;
}

static void join(struct cluster *cluster)
{
  for (int i = 0; i < CLUSTER_NODES; i++)
    server_must(cluster->nodes[i], "CLUSTER SET-CONFIG-EPOCH %d", i + 1);
  for (int i = 0; i < CLUSTER_MASTERS; i++)
    give_slots(cluster->nodes[i], i);
  for (int i = 1; i < CLUSTER_NODES; i++)
    server_must(cluster->nodes[i], "CLUSTER MEET 127.0.0.1 %d", (int)cluster->nodes[0]->port);
  servers_await("all nodes know each other", all_know_all, cluster);
  for (int i = CLUSTER_MASTERS; i < CLUSTER_NODES; i++) {
    char id[ID_SIZE];
    read_id(cluster->nodes[i - CLUSTER_MASTERS], id);
    server_must(cluster->nodes[i], "CLUSTER REPLICATE %s", id);
  }
}

struct cluster *cluster_start(const char *const *settings)
{
  struct cluster *cluster = calloc(1, sizeof *cluster);
  if (!cluster)
    servers_give_up(NULL, "out of memory");
  cluster->settings = join_settings(settings);
  for (int i = 0; i < CLUSTER_NODES; i++)
    cluster->nodes[i] = server_start(cluster->settings);
  join(cluster);
  cluster_await(cluster);
  return cluster;
}

void cluster_stop(struct cluster *cluster)
{
  if (!cluster)
    return;
  for (int i = 0; i < CLUSTER_NODES; i++)
    server_stop(cluster->nodes[i]);
  free(cluster->settings);
  free(cluster);
}

void cluster_uri(const struct cluster *cluster, const char *rest, char *out, size_t size)
{
  size_t used = (size_t)snprintf(out, size, "redis+cluster://");
  for (int i = 0; i < CLUSTER_NODES && used < size; i++)
    used += (size_t)snprintf(out + used, size - used, "%s127.0.0.1:%u", i ? "," : "",
                             (unsigned)cluster->nodes[i]->port);
  if (used < size)
    snprintf(out + used, size - used, "%s", rest);
}

/* ---- Who is who ------------------------------------------------------------------------------------ */

static int runs(const struct server *node)
{
  return node->pid != 0 && !node->is_paused;
}

static const struct server *master_of(const struct cluster *cluster, const struct server *replica)
{
  char port[16];
  server_info(replica, "master_port", port, sizeof port);
  for (int i = 0; i < CLUSTER_NODES; i++)
    if (runs(cluster->nodes[i]) && cluster->nodes[i]->port == atoi(port))
      return cluster->nodes[i];
  return NULL;
}

static int is_whole(const struct cluster *cluster, const struct server *node)
{
  char state[16];
  server_cluster_info(node, "cluster_state", state, sizeof state);
  if (strcmp(state, "ok") != 0)
    return 0;
  if (server_has(node, "role", "master"))
    return 1;
  const struct server *master = master_of(cluster, node);
  return master && server_has_caught_up(node, master);
}

/* Every node that runs is whole, and each slot has an owner on whom all agree: thirds are enough to look
 * at, and the slots of a failed master are in one of them. */
static int all_are_whole(void *data)
{
  struct cluster *cluster = data;
  for (int i = 0; i < CLUSTER_NODES; i++)
    if (runs(cluster->nodes[i]) && !is_whole(cluster, cluster->nodes[i]))
      return 0;
  for (int i = 0; i < CLUSTER_MASTERS; i++)
    if (cluster_owner(cluster, i * CLUSTER_SLOTS / CLUSTER_MASTERS) < 0)
      return 0;
  return 1;
}

void cluster_await(struct cluster *cluster)
{
  servers_await("the cluster is whole", all_are_whole, cluster);
}

/* The port of the master of a slot as one node sees it; 0 if it knows none. */
static int owner_port(const struct server *node, int slot)
{
  int port = 0;
  redisReply *reply = server_command(node, "CLUSTER SLOTS");
  for (size_t i = 0; reply && reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
    redisReply **range = reply->element[i]->element;
    if (range[0]->integer <= slot && slot <= range[1]->integer)
      port = (int)range[2]->element[1]->integer;
  }
  freeReplyObject(reply);
  return port;
}

int cluster_owner(const struct cluster *cluster, int slot)
{
  int owner = -1, port = 0;
  for (int i = 0; i < CLUSTER_NODES; i++) {
    if (!runs(cluster->nodes[i]))
      continue;
    int seen = owner_port(cluster->nodes[i], slot);
    if (seen == 0 || (port != 0 && seen != port))
      return -1;
    port = seen;
  }
  for (int i = 0; i < CLUSTER_NODES; i++)
    if (runs(cluster->nodes[i]) && cluster->nodes[i]->port == port)
      owner = i;
  return owner;
}

int cluster_replica(const struct cluster *cluster, int master)
{
  char port[8];
  snprintf(port, sizeof port, "%u", (unsigned)cluster->nodes[master]->port);
  for (int i = 0; i < CLUSTER_NODES; i++)
    if (runs(cluster->nodes[i]) && server_has(cluster->nodes[i], "role", "slave") &&
        server_has(cluster->nodes[i], "master_port", port))
      return i;
  return -1;
}

int cluster_slot(const struct cluster *cluster, const char *key)
{
  return (int)server_integer(cluster->nodes[0], "CLUSTER KEYSLOT %s", key);
}

/* ---- Changing masters ------------------------------------------------------------------------------ */

struct change {
  struct cluster *cluster;
  int slot, before;
};

/* Another node serves the slot, and says so of itself. */
static int has_changed(void *data)
{
  const struct change *change = data;
  char state[16];
  int owner = cluster_owner(change->cluster, change->slot);
  if (owner < 0 || owner == change->before)
    return 0;
  server_cluster_info(change->cluster->nodes[owner], "cluster_state", state, sizeof state);
  return strcmp(state, "ok") == 0 && server_has(change->cluster->nodes[owner], "role", "master");
}

static int owner_or_give_up(const struct cluster *cluster, int slot)
{
  int owner = cluster_owner(cluster, slot);
  if (owner < 0)
    servers_give_up(NULL, "slot %d has no owner", slot);
  return owner;
}

int cluster_fail_over(struct cluster *cluster, int slot)
{
  struct change change = {cluster, slot, owner_or_give_up(cluster, slot)};
  server_kill(cluster->nodes[change.before]);
  servers_await("a replica takes over", has_changed, &change);
  return change.before;
}

void cluster_hand_over(struct cluster *cluster, int slot)
{
  struct change change = {cluster, slot, owner_or_give_up(cluster, slot)};
  int replica = cluster_replica(cluster, change.before);
  if (replica < 0)
    servers_give_up(cluster->nodes[change.before], "the master has no replica");
  for (int tries = 0; tries < 10; tries++) { /* masters vote once in two node timeouts for one shard */
    server_must(cluster->nodes[replica], "CLUSTER FAILOVER");
    if (servers_wait(has_changed, &change, 3000))
      return;
  }
  servers_give_up(cluster->nodes[replica], "the replica does not take over");
}

void cluster_heal(struct cluster *cluster)
{
  for (int i = 0; i < CLUSTER_NODES; i++)
    if (!cluster->nodes[i]->pid)
      server_restart(cluster->nodes[i]);
  cluster_await(cluster);
}

/* ---- Moving slots ---------------------------------------------------------------------------------- */

struct slot_move slot_move_begin(struct cluster *cluster, int slot, int to)
{
  struct slot_move move = {cluster, slot, owner_or_give_up(cluster, slot), to};
  char from_id[ID_SIZE], to_id[ID_SIZE];
  read_id(cluster->nodes[move.from], from_id);
  read_id(cluster->nodes[to], to_id);
  server_must(cluster->nodes[to], "CLUSTER SETSLOT %d IMPORTING %s", slot, from_id);
  server_must(cluster->nodes[move.from], "CLUSTER SETSLOT %d MIGRATING %s", slot, to_id);
  return move;
}

int slot_move_step(const struct slot_move *move)
{
  const struct server *from = move->cluster->nodes[move->from], *to = move->cluster->nodes[move->to];
  redisReply *keys = server_command(from, "CLUSTER GETKEYSINSLOT %d 1", move->slot);
  int more = keys && keys->type == REDIS_REPLY_ARRAY && keys->elements > 0;
  if (more)
    server_must(from, "MIGRATE 127.0.0.1 %d %b 0 5000", (int)to->port, keys->element[0]->str,
                (size_t)keys->element[0]->len);
  freeReplyObject(keys);
  return more;
}

static int all_see_the_move(void *data)
{
  const struct slot_move *move = data;
  return cluster_owner(move->cluster, move->slot) == move->to;
}

void slot_move_end(const struct slot_move *move)
{
  char to_id[ID_SIZE];
  struct slot_move wanted = *move;
  read_id(move->cluster->nodes[move->to], to_id);
  server_must(move->cluster->nodes[move->to], "CLUSTER SETSLOT %d NODE %s", move->slot, to_id);
  server_must(move->cluster->nodes[move->from], "CLUSTER SETSLOT %d NODE %s", move->slot, to_id);
  servers_await("all nodes know where the slot is", all_see_the_move, &wanted);
}

void cluster_move_slot(struct cluster *cluster, int slot, int to)
{
  struct slot_move move = slot_move_begin(cluster, slot, to);
  while (slot_move_step(&move))
    ;
  slot_move_end(&move);
}
