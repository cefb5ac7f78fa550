/* A node: one server, its connection through all reconnects, and the requests that go to it. */
#ifndef QKR_NODE_H
#define QKR_NODE_H

#include "address.h"
#include "conn.h"
#include "info.h"
#include "inside.h"

enum qkr_node_state { QKR_IDLE, QKR_CONNECTING, QKR_GREETING, QKR_READY };

struct qkr_node {
  struct qkr_wire *wire;
  struct qkr_node *next;
  struct qkr_address address;
  enum qkr_node_state state;
  struct qkr_conn conn;
  struct qkr_targets targets;
  int64_t until_us;               /* QKR_CONNECTING, QKR_GREETING: when this attempt ends */
  int64_t retry_us;               /* QKR_IDLE: no attempt before */
  uint32_t failures;              /* attempts in a row that brought nothing */
  struct qkr_list again, waiting; /* to be sent: those of an earlier try first */
  struct qkr_list sent;           /* in the order of their replies */
  struct qkr_server server;
  struct qkr_info info;
  struct qkr_errand census; /* asks for the number of replicas */
  int64_t census_us;        /* when that was last known */
  uint32_t owed_replicas;   /* > 0: what was sent needs a WAIT for so many, */
  int64_t owed_until_ms;    /* by then */
  size_t returning;         /* replies to come before anything more is sent, so that order is kept */
  int is_waiting;           /* a WAIT is under way */
  int is_wanted;            /* connect although nothing waits */
  int is_sentinel, needs_auth;
  int was_ready; /* some connection was */
  int kept;      /* a route leads here; others go when they are idle */
  int retiring;  /* nothing more is sent; closed after the last reply */
  int has_room_watch;
  const char *broken; /* must be closed, and why; NULL = no */
  int refusal;        /* why a greeting failed: QK_OK if by accident */
};

/* ---- node.c ---- */

/* The node of an address, made if need be; NULL without memory. */
struct qkr_node *qkr_node_get(struct qkr_wire *wire, const struct qkr_address *address, int is_sentinel);
/* Free a node. forked: leave the parent's poller alone. Its requests are forgotten. */
void qkr_node_destroy(struct qkr_node *node, int forked);
/* Put a request in line. */
void qkr_node_add(struct qkr_node *node, struct qkr_request *request);
int qkr_node_has_work(const struct qkr_node *node);
/* Close the connection; what was on it goes again. why is for the log, NULL if there is nothing to say. */
void qkr_node_lose(struct qkr_node *node, const char *why);
/* The greeting is over. */
void qkr_node_ready(struct qkr_node *node);
/* A greeting failed for a reason that a new attempt will (code = QK_ESTORE) or will not mend. */
void qkr_node_refuse(struct qkr_node *node, int code, const char *text);
/* Read and write what the socket has and takes. */
void qkr_node_news(struct qkr_node *node, const struct qkr_news *news);
/* Send what may be sent. */
void qkr_node_pump(struct qkr_node *node);
/* When the node has something to do besides: INT64_MAX = never; and do it. */
int64_t qkr_node_due(const struct qkr_node *node);
void qkr_node_run(struct qkr_node *node, int64_t now_us);

/* ---- greet.c ---- */

/* The first commands on a new connection; ends in qkr_node_ready() or qkr_node_refuse(). */
void qkr_greet(struct qkr_node *node);

/* ---- exchange.c ---- */

/* Put a request on the connection. QK_OK or QK_ENOMEM, nothing changed. */
int qkr_exchange_put(struct qkr_node *node, struct qkr_request *request);
/* Put the WAIT that is owed, if any. */
void qkr_exchange_put_wait(struct qkr_node *node);
/* May a request with replicas leave? QK_OK; QK_EAGAIN: not before the replicas have been counted; QK_ESTORE:
 * there are too few. */
int qkr_exchange_check_replicas(struct qkr_node *node, const struct qkr_request *request);

#endif
