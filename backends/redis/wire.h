/* The way to the servers: connections, routing, redirects, repeats, deadlines.
 *
 * A request is one command, to the node that owns its slot, and comes back through done() exactly once, by
 * its deadline. The wire sends it, follows MOVED and ASK, loads a script that the server does not know,
 * waits where the server is loading or a cluster is down, and repeats what a broken connection left
 * unanswered: every request is safe to repeat until its deadline.
 *
 * Threads: none of this is locked; one thread at a time. Nothing here blocks, but qkr_wire_open() and the
 * resolving of host names. Callbacks may send further requests. */
#ifndef QKR_WIRE_H
#define QKR_WIRE_H

#include <qk_backend.h>

#include "reply.h"
#include "script.h"
#include "settings.h"

/* What is known of the server that a request is about to go to. */
struct qkr_server {
  uint64_t run;      /* of its run id, the first 52 bits; 0 if INFO is forbidden */
  int64_t offset_ms; /* its clock in Unix ms minus our monotonic clock; never too high */
};

/* A command under construction; keeps no pointer into what is added. Adding fails for want of memory only,
 * remembered until the end. */
struct qkr_command;
void qkr_add(struct qkr_command *command, const char *bytes, size_t len);
void qkr_add_text(struct qkr_command *command, const char *text);

/* What answer() returns for something that is no answer to its request: the connection is closed, and the
 * request and all behind it are repeated. */
#define QKR_NONSENSE 1

struct qkr_request {
  /* Filled by the sender. */
  int slot;                        /* the cluster slot of its keys, from qkr_slot() */
  int64_t deadline_ms;             /* monotonic */
  int64_t not_before_us;           /* monotonic; 0 = at once */
  uint32_t replicas;               /* > 0: WAIT for so many before done() */
  int impatient;                   /* 1: QK_ESTORE at once while its server cannot be reached */
  int reads;                       /* 1: it changes nothing, so a lost answer is QK_ESTORE */
  const struct qkr_script *script; /* NULL: a plain command */
  uint64_t people;                 /* whom the script was about, once answer() has returned; for metrics */
  /* Add the whole plain command; or, of a script, the number of keys, the keys, the arguments. Called at
   * each try, right before sending. */
  void (*build)(struct qkr_request *request, const struct qkr_server *server, struct qkr_command *command);
  /* The reply, never an error reply: read it now. QK_OK; a code that done() shall get; or QK_EAGAIN: send it
   * again (build is called again); or QKR_NONSENSE. Called once per try that was answered; with replicas,
   * before WAIT is. */
  int (*answer)(struct qkr_request *request, const struct qkr_reply *reply);
  /* The end. code: QK_OK after an answer that gave QK_OK (and after enough replicas); what answer gave;
   * QK_ESTORE: surely nothing happened; QK_EUNKNOWN: sent, and it may have happened; QK_EDENIED, QK_ESTATE
   * (WRONGTYPE, a script's error), QK_ENOMEM. */
  void (*done)(struct qkr_request *request, int code);
  /* Free the request, which will not be done: in a child of fork(). NULL: nothing to free. */
  void (*forget)(struct qkr_request *request);

  /* The wire's own; zero at first. */
  int was_sent;                /* an earlier try was written and never answered: readable in build and done */
  uint32_t tries, hops, waits; /* times sent; redirects in a row; times held back by the server's state */
  struct qkr_request *next, *prev;
  void *where;
  int flags;
  int64_t due_us;  /* when it must be looked at */
  int64_t sent_us; /* the last try */
  size_t place;    /* in the schedule */
};

struct qkr_wire;

/* Connect: all that open promises. QK_OK once the server (of a cluster: a node, and a whole slot map) has
 * answered, is new enough, evicts nothing and ran the probe script. Otherwise a code, and a sentence in err
 * that says what to do. Blocks until settings->timeout_ms. settings must outlive the wire. */
int qkr_wire_open(struct qkr_wire **out, const struct qkr_settings *settings, qk_host *host, qk_error *err);
/* End every request: with QK_ESTORE, or QK_EUNKNOWN if it was sent and may have happened. Whatever is sent
 * from now on ends at once with QK_ESTORE. */
void qkr_wire_abort(struct qkr_wire *wire);
/* forked = 1: send nothing. Requests that are under way are forgotten. */
void qkr_wire_close(struct qkr_wire *wire, int forked);
/* Called after each connection (again) to a server, when it is ready: the place to read what may have
 * changed meanwhile. */
void qkr_wire_on_connect(struct qkr_wire *wire, void (*connected)(void *arg), void *arg);

/* Take a request. It leaves at once if its connection stands and has room; done() may be called before this
 * returns. Requests to one slot leave in the order in which they were taken. */
void qkr_wire_send(struct qkr_wire *wire, struct qkr_request *request);
/* Do the I/O that is due, at most timeout_ms (-1: until something happened). Returns after having handled
 * what was ready. */
void qkr_wire_process(struct qkr_wire *wire, int timeout_ms);
/* Any thread: end a sleeping qkr_wire_process(), or the next one. */
void qkr_wire_wakeup(struct qkr_wire *wire);
/* An epoll descriptor, the same for ever: readable while qkr_wire_process() has something to do, timers
 * too. */
int qkr_wire_fd(const struct qkr_wire *wire);

/* The cluster slot of a key: CRC16 of its hash tag, modulo 16384 (Redis cluster specification). */
int qkr_slot(const char *key, size_t len);

/* In answer(): the reply says what the server's clock shows. Keeps qkr_server.offset_ms right when that clock
 * is set. */
void qkr_wire_clock(struct qkr_wire *wire, const struct qkr_request *request, int64_t server_ms);

/* In answer(): the run of the server that answers, as build got it. */
uint64_t qkr_wire_run(const struct qkr_wire *wire);

/* The latest trouble in words, without a secret; "" if there was none. Valid until the next call. */
const char *qkr_wire_trouble(const struct qkr_wire *wire);

#endif
