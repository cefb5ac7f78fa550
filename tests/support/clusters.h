/* Redis clusters for tests, on servers.h: its rules hold here too. */
#ifndef TESTS_CLUSTERS_H
#define TESTS_CLUSTERS_H

#include "servers.h"

enum { CLUSTER_MASTERS = 3, CLUSTER_NODES = 6, CLUSTER_SLOTS = 16384 };

struct cluster {
  struct server *nodes[CLUSTER_NODES]; /* the first three began as masters, node n + 3 as replica of node n */
  const char **settings;
};

/* Start 3 masters and 3 replicas. Returns when every node sees the cluster as whole and every replica has
 * its master's data. settings as of server_start(), for every node; they may change the node timeout, which
 * is a second. */
struct cluster *cluster_start(const char *const *settings);
void cluster_stop(struct cluster *cluster);

/* "redis+cluster://127.0.0.1:PORT,..." of all nodes, then what follows, a path or a query. */
void cluster_uri(const struct cluster *cluster, const char *rest, char *out, size_t size);

/* Wait until every node that runs sees the cluster as whole and, where it is a replica, has its master's
 * data. */
void cluster_await(struct cluster *cluster);

/* The index of the node that serves a slot, as the nodes that run see it; -1 if they do not know or do not
 * agree. */
int cluster_owner(const struct cluster *cluster, int slot);
/* The index of a running replica of the node; -1 if it has none. */
int cluster_replica(const struct cluster *cluster, int master);
/* The slot of a key. */
int cluster_slot(const struct cluster *cluster, const char *key);

/* Kill the master of a slot and wait until a replica serves it. Returns the index of the killed one. */
int cluster_fail_over(struct cluster *cluster, int slot);
/* Have a replica of its master take a slot over in good order, and wait until that is done. */
void cluster_hand_over(struct cluster *cluster, int slot);
/* Start what was killed, and wait for the whole cluster. */
void cluster_heal(struct cluster *cluster);

/* Move a slot to another master: begin, one step per key until step returns 0, end. Between the calls it is
 * as it is in the middle of a resharding. */
struct slot_move {
  struct cluster *cluster;
  int slot, from, to; /* nodes by index */
};
struct slot_move slot_move_begin(struct cluster *cluster, int slot, int to);
int slot_move_step(const struct slot_move *move);
void slot_move_end(const struct slot_move *move);
/* All of it. */
void cluster_move_slot(struct cluster *cluster, int slot, int to);

#endif
