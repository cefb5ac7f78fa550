/* Where the master is: asked from the sentinels in turn, at the start, whenever the connection to the
 * master breaks, and every second while there is work. */
#ifndef QKR_SENTINEL_H
#define QKR_SENTINEL_H

#include "node.h"

/* NULL without memory. */
struct qkr_sentinel *qkr_sentinel_create(struct qkr_wire *wire);
void qkr_sentinel_destroy(struct qkr_sentinel *sentinel);
/* Ask soon. Until there is an answer nobody connects to the master. */
void qkr_sentinel_doubt(struct qkr_sentinel *sentinel);
/* A node that must not be freed now. */
int qkr_sentinel_needs(const struct qkr_sentinel *sentinel, const struct qkr_node *node);
int64_t qkr_sentinel_due(const struct qkr_sentinel *sentinel);
void qkr_sentinel_run(struct qkr_sentinel *sentinel, int64_t now_us);

#endif
