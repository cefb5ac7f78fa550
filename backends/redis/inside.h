/* The wire from inside: what its modules share. wire.c keeps requests and time, route.c says which node a
 * request goes to (cluster.c and sentinel.c find it out), node.c keeps a node's connection, greet.c begins
 * it, exchange.c sends requests and reads what the replies mean.
 *
 * Callbacks of requests may send further ones. So while the wire works (wire->busy) a new request is only
 * put in line, and a connection that must go is only marked (node->broken): both are seen to before
 * qkr_wire_process() or qkr_wire_send() returns, or by the timer. */
#ifndef QKR_INSIDE_H
#define QKR_INSIDE_H

#include "command.h"
#include "fault.h"
#include "poller.h"
#include "schedule.h"
#include "wire.h"

struct qkr_cluster;
struct qkr_sentinel;
struct qkr_node;

/* qkr_request.flags */
enum {
  QKR_ASKING = 1,     /* this try is an ASK redirect */
  QKR_LOAD = 2,       /* this try sends the script's text */
  QKR_ANSWERED = 4,   /* answered, waits for its replicas */
  QKR_PINNED = 8,     /* an errand's: never goes elsewhere, is never repeated */
  QKR_ROUTELESS = 16, /* held because nobody knows its node */
  QKR_UNHEARD = 32    /* the last try was sent and never answered: the next one is a repeat */
};

/* It was sent, and nobody will answer. */
static inline void qkr_unheard(struct qkr_request *request)
{
  request->was_sent = 1;
  request->flags |= QKR_UNHEARD;
}

/* A request of the wire's own, for one node. */
struct qkr_errand {
  struct qkr_request request; /* first: see qkr_errand_of() */
  void *owner;
  int is_out; /* 1 from qkr_send_errand() until done() */
};

static inline struct qkr_errand *qkr_errand_of(struct qkr_request *request)
{
  return (struct qkr_errand *)request;
}

struct qkr_wire {
  const struct qkr_settings *settings;
  qk_host *host;
  struct qkr_poller poller;
  struct qkr_schedule schedule; /* every request, by deadline or wake-up */
  struct qkr_list held;         /* those that wait for a time or a route */
  struct qkr_node *nodes;
  struct qkr_node *master;       /* without a cluster: the only server; NULL = not found yet */
  struct qkr_cluster *cluster;   /* NULL otherwise */
  struct qkr_sentinel *sentinel; /* NULL otherwise */
  struct qkr_command command;    /* scratch */
  struct qkr_node *answering;    /* whose reply is being read */
  void (*connected)(void *arg);
  void *connected_arg;
  uint64_t random;
  size_t load;
  int aborted; /* nothing more is sent */
  int busy;    /* callbacks must not start work */
  int dirty;   /* some node has got something to send */
  int trouble_code;
  char trouble[240]; /* the latest trouble, in words */
};

/* ---- wire.c ---- */

/* The end of a request: with this code, */
void qkr_finish(struct qkr_wire *wire, struct qkr_request *request, int code);
/* or with this one if no earlier try may have reached a server, else QK_EUNKNOWN. */
void qkr_fail(struct qkr_wire *wire, struct qkr_request *request, int code);
/* Free all that is under way, unanswered. */
void qkr_wire_forget(struct qkr_wire *wire);
/* Keep a request back for a while, growing with request->waits, then route it anew. */
void qkr_hold(struct qkr_wire *wire, struct qkr_request *request);
/* A try so late that it would hardly be answered in time would only turn "surely nothing" into "unknown". */
int qkr_is_too_late(const struct qkr_wire *wire, const struct qkr_request *request);
/* Send an errand to one node, in front of all others; its request is filled like any other. */
void qkr_send_errand(struct qkr_node *node, struct qkr_errand *errand);
/* A random number from 0 to below - 1; below > 0. For jitter. */
int64_t qkr_random_below(struct qkr_wire *wire, int64_t below);
/* How long one attempt of anything may take: a third of the timeout, 0.25 to 2 s. */
int64_t qkr_attempt_us(const struct qkr_wire *wire);
/* Log a sentence and keep it as the latest trouble. */
void qkr_trouble(struct qkr_wire *wire, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

#endif
