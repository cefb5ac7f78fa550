/* Which node a request goes to. */
#ifndef QKR_ROUTE_H
#define QKR_ROUTE_H

#include "node.h"

/* QK_OK or QK_ENOMEM. */
int qkr_route_init(struct qkr_wire *wire);
void qkr_route_finish(struct qkr_wire *wire);
/* Put a request in line at its node, or hold it until there is one. */
void qkr_route_request(struct qkr_wire *wire, struct qkr_request *request);
/* The routes have changed: move what waits in the wrong place. */
void qkr_route_renew(struct qkr_wire *wire);
/* A connection to a node broke, or could not be made. */
void qkr_route_lost(struct qkr_node *node);
/* A node answered MOVED or ASK. 1 if *target says where to; 0 if the reply makes no sense here. */
int qkr_route_redirect(struct qkr_node *node, const char *text, struct qkr_node **target);
/* The cluster says that it is down. */
void qkr_route_doubt(struct qkr_wire *wire);
/* When the routes need work: INT64_MAX = never; and do it. */
int64_t qkr_route_due(const struct qkr_wire *wire);
void qkr_route_run(struct qkr_wire *wire, int64_t now_us);
/* Close nodes that no route leads to and that have nothing under way. */
void qkr_route_tidy(struct qkr_wire *wire);

#endif
