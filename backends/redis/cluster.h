/* The slot map of a cluster: who owns which slot, asked from any node that answers (CLUSTER SLOTS), corrected
 * by each MOVED. */
#ifndef QKR_CLUSTER_H
#define QKR_CLUSTER_H

#include "node.h"

#define QKR_SLOTS 16384

/* NULL without memory. */
struct qkr_cluster *qkr_cluster_create(struct qkr_wire *wire);
void qkr_cluster_destroy(struct qkr_cluster *cluster);
/* The master of a slot; NULL while unknown. */
struct qkr_node *qkr_cluster_find(const struct qkr_cluster *cluster, int slot);
/* MOVED: a slot has a new owner. */
void qkr_cluster_correct(struct qkr_cluster *cluster, int slot, struct qkr_node *node);
/* Ask for the map soon: something does not fit. */
void qkr_cluster_doubt(struct qkr_cluster *cluster);
/* 1 once every slot has an owner. */
int qkr_cluster_is_whole(const struct qkr_cluster *cluster);
/* A node that must not be freed now. */
int qkr_cluster_needs(const struct qkr_cluster *cluster, const struct qkr_node *node);
int64_t qkr_cluster_due(const struct qkr_cluster *cluster);
void qkr_cluster_run(struct qkr_cluster *cluster, int64_t now_us);

#endif
