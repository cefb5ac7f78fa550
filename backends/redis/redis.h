/* One open store of the Redis backend.
 *
 * What callers bring, on any thread, goes into the inbox. One thread at a time drives: it takes the inbox,
 * sorts works into lanes by queue, makes script calls of them, and reads the answers. All but the inbox
 * belongs to that thread. */
#ifndef QKR_REDIS_H
#define QKR_REDIS_H

#include <pthread.h>
#include <stdatomic.h>

#include <qk_backend.h>

#include "lane.h"
#include "names.h"
#include "poller.h"
#include "settings.h"
#include "wire.h"

#define QKR_BUSY 4096
#define QKR_SECRET 32

/* A question that a blocking slot waits for. */
struct qkr_query {
  struct qkr_request request; /* first */
  struct qkr_query *next;
  struct qkr_store *store;
  const qk_name *queue; /* NULL: about no queue in particular */
  struct qkr_lane *lane;
  /* Fill the request and send it. */
  void (*begin)(struct qkr_query *query);
  int code;
  qk_wait wait;
};

struct qkr_inbox {
  pthread_mutex_t lock;
  qk_work *works, **last_work;
  struct qkr_query *queries, **last_query;
  int asleep; /* the driver has seen all: wake it for what comes */
  /* By a queue's hash: script calls under way, whose answers will wake the driver anyway. */
  atomic_uint busy[QKR_BUSY];
};

struct qkr_store {
  qk_host *host;
  struct qkr_settings settings;
  struct qkr_wire *wire;
  struct qkr_inbox inbox;
  struct qkr_lanes lanes;
  struct qkr_names names;
  char owner[17]; /* of leases */
  unsigned char secret[QKR_SECRET];
  int has_secret;
};

/* Ask and wait: fill query but for store, queue, next, wait and code. Returns the code it ends with. */
int qkr_ask(struct qkr_store *store, const qk_name *queue, struct qkr_query *query);
/* The end of a question: done() of a query's request. */
void qkr_answered(struct qkr_request *request, int code);

extern const qk_backend_ops qkr_backend;

int64_t qkr_now_ms(void); /* monotonic */

#endif
