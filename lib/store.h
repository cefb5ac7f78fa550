/* An open store: the struct behind qk_store, shared by the modules of lib/. */
#ifndef QKI_STORE_H
#define QKI_STORE_H

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>

#include <qk_backend.h>

#include "counts.h"
#include "drive.h"
#include "engine.h"
#include "errand.h"
#include "events.h"
#include "known.h"
#include "platform.h"
#include "recent.h"
#include "tick.h"
#include "token.h"

/* The part that a backend sees. */
struct qk_host {
  qk_options options;
  qk_policy policy;
  struct qki_events events;
  struct qki_counts counts;
  _Atomic int64_t clock_offset_ms; /* the store's clock minus ours, as last seen */
};

struct qk_store {
  qk_host host; /* first: a host is its store */
  const qk_backend_ops *ops;
  void *backend;
  unsigned char hash_key[crypto_shorthash_KEYBYTES];
  struct qki_fork_guard guard;
  struct qki_recent recent;
  _Atomic(struct qki_keys *) keys;
  int draws_secret; /* the host gave no key: the secret is the store's */
  struct qki_drive drive;
  struct qki_engine engine;
  struct qki_rotation rotation;
  struct qki_knowns knowns;
  struct qki_errands errands;
  uint32_t instance; /* which store of this process, from 1 */
};

/* One store clock reading per public call: the host's or the process's, cut to what a queue can hold. */
int64_t qki_store_clock(const qk_store *store);
/* The store's clock as far as this host knows it without asking. */
int64_t qki_store_clock_seen(const qk_store *store);
/* Passing time in ms, for the age of what is remembered: the host's clock where it gave one, so that a trace
 * that is played again finds the same ages, else monotonic. */
int64_t qki_store_ticks(const qk_store *store);
/* When a call that starts now must have returned, on the monotonic clock. */
int64_t qki_store_deadline(const qk_store *store);

/* Fill a name from valid text. */
void qki_store_name(const qk_store *store, qk_name *name, const char *text, size_t len);
/* The same of a queue's name, which is looked for among those used last. */
void qki_store_known_name(qk_store *store, qk_name *name, const char *text, size_t len);
/* Check and fill a queue's name: QK_OK or QK_EINVAL, which is logged with the reason. */
int qki_store_queue(qk_store *store, qk_name *name, const char *text);

/* QK_OK if the store may be used here: QK_EINVAL for NULL, QK_EFORK in a child. */
int qki_store_usable(const qk_store *store);
/* Log a code if it tells of trouble. queue may be NULL. */
void qki_store_note(qk_store *store, int code, const char *queue);
/* A call that needed the store ended with code: does it answer? */
void qki_store_heard(qk_store *store, int code);
/* The store ended a verb: notices how it fares, and who polled. */
void qki_store_ended(qk_store *store, const qk_work *work);
/* The end of a public call: log trouble, deliver events. Returns code. */
int qki_store_leave(qk_store *store, int code, const char *queue);

/* Zero a ticket; NULL is fine. */
void qki_ticket_clear(qk_ticket *ticket);
/* Of a poll that needs no store: the ticket is filled, and there is nothing to carry out. */
#define QKI_ANSWERED 1
/* Make a work of a verb on a person, by name or by token: QK_OK, or the code that ends the call, or (only if
 * may_answer) QKI_ANSWERED. The ticket (may be NULL) is clear; what is known of queue and user is filled into
 * it. claims gives the names of a token room and must live as long. like (may be NULL) is another work of the
 * same call: if it has the queue from the same pointer, its name serves again. */
int qki_work_by_name(qk_store *store, qk_work *work, const qk_work *like, int32_t verb, const char *queue,
                     const char *user, uint32_t cls, qk_ticket *ticket);
int qki_work_by_token(qk_store *store, qk_work *work, struct qki_claims *claims, int32_t verb,
                      const char *token, qk_ticket *ticket, int may_answer);

#endif
