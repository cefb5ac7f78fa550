/* qk.h: admission queues ("virtual waiting rooms") inside a C service. Puts people in a line, tells them
 * their place, and lets them in, in order, at the rate that the service behind it can bear.
 *
 * The library starts no thread, installs no signal handler, reads no environment variable, writes to no
 * stream and never exits. You drive it, by calling qk_tick().
 *
 * THE SMALLEST USE
 *
 *     qk_store *store;
 *     qk_ticket ticket;
 *     qk_error error;
 *
 *     if (qk_open(&store, NULL, NULL, &error) != QK_OK)      NULL, NULL: in memory, with every default
 *       return fail(error.text);
 *     qk_enter(store, "concert", "alice", &ticket);          QK_READY, or QK_WAITING at ticket.position
 *     ...
 *     qk_tick(store, NULL, NULL);                            from a timer, about once a second
 *     qk_poll(store, "concert", "alice", &ticket);           again after ticket.poll_after_ms
 *     qk_activate(store, "concert", "alice", &ticket);       QK_READY becomes QK_ACTIVE: she is inside
 *     qk_release(store, "concert", "alice", NULL);           she is done: the next one may come
 *     qk_close(store);
 *
 * WORDS
 *
 *   store     one open connection to a storage backend; holds many queues
 *   queue     one line for one resource, named by you: 1 to 64 bytes of UTF-8 without control bytes
 *   user      the id that you give a person: 1 to 128 bytes, likewise. Names are compared as bytes.
 *   number    arrival number of an entry, from 1, below 2^49; rises; gaps mean nothing; never reused in an
 *             epoch
 *   epoch     one life of a queue: a random number from 1, below 2^53; qk_remove() ends it
 *   position  1 = next to be admitted; 0 = not waiting
 *   seat      one of max_active places inside; whoever is READY or ACTIVE holds one
 *   tick      one step of a queue's scheduler: sweep what is over, then admit
 *
 *     (nobody) --enter--> WAITING --tick--> READY --activate--> ACTIVE --release--> (nobody)
 *                            |                |                   |
 *                     left / dropped    left / lapsed          expired
 *
 * THREADS. Any call from any thread at any time on one store, except qk_close(): no other call may be
 * under way then, and none may follow. What a call fills is yours alone; give each thread its own.
 *
 * WHAT WILL HURT
 *
 *   - Queue time runs on your calls. Each may move it on by no more than one step (60 s by default, less
 *     where a deadline is short, see qk_policy.clock_step_ms), so that a clock jump or an outage throws
 *     nobody out. Tick every queue at least once per step; if you do not, it runs slow and every deadline
 *     comes late.
 *   - A child of fork() cannot use its parent's store: every call there is QK_EFORK, and qk_close() only
 *     frees.
 *   - Callbacks run on the thread that is inside a call and make that call wait. on_event may call the
 *     store, except qk_close(); clock, random and log must not. None may leave by longjmp() or by a C++
 *     exception.
 *   - Without qk_options.key the token secret is random and as mortal as the store: in memory, every token
 *     is void after a restart; on Redis, whoever can read the server can make tokens. Give a key in
 *     production.
 *   - "memory:" promises nothing beyond the process: a restart forgets everybody. What a store on Redis
 *     promises, and with which settings of the server, is in libqueue_redis(7).
 *   - qk_verify() asks no store: it accepts a token until its time is up, also if its owner has been
 *     released.
 *   - Tokens are signed, not encrypted: whoever holds one can read the queue and the user in it.
 *
 * HOW TO READ THE COMMENTS BELOW
 *
 *   Parameters   The store is one that qk_open() gave. Strings are UTF-8, end with a NUL, belong to you,
 *                and are copied or not kept. "queue" and "user" mean names as above. Where NULL is not
 *                said to be allowed it is QK_EINVAL.
 *   Outputs      On success an output is filled to its last byte. On a failure it is zeroed, a ticket but
 *                for queue and user where they are known; a list of codes says where more of it is filled.
 *   Read fault   One of QK_ENOMEM, QK_ESTORE, QK_ESTATE, QK_EVERSION, QK_EDENIED, QK_EFORK. Nothing
 *                happened.
 *   Write fault  A read fault, or QK_EUNKNOWN. After QK_EUNKNOWN alone the call may have had its effect.
 *   Codes        Each function lists its own; there are no others.
 *   Blocking     "Blocks" means: for at most timeout_ms (qk_options), in real time, until the store has
 *                answered. In memory there is nothing to wait for but locks, which are held for moments.
 *                "Never blocks" means: no I/O, and no waiting for I/O of other threads.
 *   Cost         In the memory store, with n = people waiting in the queue. A store behind a network adds
 *                one round trip, which it shares with other calls under way.
 *   Time         Unix ms (..._at_ms, now_ms) are read off the store's clock: the process's in memory, the
 *                server's elsewhere, or qk_options.clock. Spans (..._ms in a policy) are queue time, see
 *                above. Real time, on the monotonic clock: timeout_ms, elapsed_us; and cursor_ms, unless the
 *                host gave a clock.
 *
 * ABI. No struct here ever changes its size or layout: new fields come out of reserved words, and 0 there
 * means the old behaviour. Set in-structs up with their init function, or zero a qk_op and set its size: a
 * wrong size and a reserved or pad_ word that is not 0 are QK_EINVAL. Codes never change their number.
 * libqueue(3) is the overview; qk_backend.h is for those who write a storage backend.
 */
#ifndef QK_H
#define QK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define QK_API __attribute__((visibility("default")))
#else
#define QK_API
#endif

/* One open store. Made by qk_open(), freed by qk_close(). */
typedef struct qk_store qk_store;

/* ---- Constants ------------------------------------------------------------------------------- */

/* Where a person is: qk_ticket.state. qk_state_name() has the names. */
enum {
  /* Nobody: never entered, or over. What a ticket shows after qk_release(), and a zeroed one. */
  QK_NONE = 0,
  /* In line. Ends by admission, qk_release() (left), or idle_ms without a poll (dropped). */
  QK_WAITING,
  /* Admitted, not come yet: the offer of a seat. Ends by qk_activate(), qk_release() (left), or ready_ms
   * (lapsed). */
  QK_READY,
  /* Inside. Ends by qk_release() (completed), or active_ms after activation or the last extension
   * (expired). */
  QK_ACTIVE
};

/* What a queue does with people who come and people who wait: qk_policy.mode and qk_set_mode(). Nobody who
 * has a seat is touched by any mode, and whoever is in the queue already always gets that same place back
 * from an enter. */
enum {
  /* People enter and are admitted. */
  QK_MODE_OPEN = 0,
  /* People enter, nobody is admitted. Estimates are unknown (eta_ms -1). */
  QK_MODE_HOLD,
  /* New people are refused (QK_ECLOSED), those in line are admitted. */
  QK_MODE_DRAIN,
  /* New people are refused, nobody is admitted. Estimates are unknown. */
  QK_MODE_CLOSED,
  /* No waiting: an enter, by a new person or one in line, is READY at once whatever eager, seats, rate and
   * max_waiting say, and each tick admits the whole line, in order. These admissions count: afterwards
   * nobody is thrown out, and admission resumes when seats and rate allow. */
  QK_MODE_BYPASS
};

/* What an op does: qk_op.verb. Each is the function of that name. */
enum {
  /* qk_enter_class(). Needs queue and user; the only one that reads cls. */
  QK_ENTER = 1,
  /* qk_poll(), or qk_poll_token() if the op has a token. */
  QK_POLL,
  /* qk_activate(), or qk_activate_token(). */
  QK_ACTIVATE,
  /* qk_extend(), or qk_extend_token(). */
  QK_EXTEND,
  /* qk_release(), or qk_release_token(). */
  QK_RELEASE,
  /* qk_tick(). queue NULL = every queue. */
  QK_TICK
};

/* What a call returns. All failures are negative, so that calls that count can return a code too. After
 * every failure but QK_EUNKNOWN nothing has changed. qk_strerror() has words for each. */
enum {
  /* Done. Also the result where nothing was left to do: an enter by somebody who is in, a second activate. */
  QK_OK = 0,
  /* The caller's fault: a name, number, struct or URI that is not valid. Repeating it will fail again. Any
   * call. */
  QK_EINVAL = -1,
  /* Out of memory, here. Any call that allocates. Repeat it when there is memory. */
  QK_ENOMEM = -2,
  /* No such queue, or nobody under this id in it; a READY or ACTIVE whose time is up counts as nobody.
   * Calls by name. */
  QK_ENOTFOUND = -3,
  /* Still WAITING. From activate: poll on. From qk_verify(): a genuine token that admits nobody. */
  QK_ENOTREADY = -4,
  /* Not ACTIVE: from extend while WAITING or READY. */
  QK_ENOTACTIVE = -5,
  /* The token's entry is over, replaced by a newer one, or of an earlier life of the queue; from
   * qk_verify(): its time is up. Calls by token. Enter again. */
  QK_EEXPIRED = -6,
  /* max_extends extensions are used up. From extend. */
  QK_ELIMIT = -7,
  /* max_waiting people wait. From enter, for new people only. Come back after poll_after_ms. */
  QK_EFULL = -8,
  /* Mode DRAIN or CLOSED. From enter, for new people only. */
  QK_ECLOSED = -9,
  /* The token is garbled, forged, or signed with another key. Calls by token. */
  QK_ETOKEN = -10,
  /* The window of submitted ops is full: qk_reap() some, then submit again. From qk_submit() only. */
  QK_EAGAIN = -11,
  /* The store cannot be reached, refuses, or is full; or the random source failed. Nothing happened.
   * Repeat later. */
  QK_ESTORE = -12,
  /* It was sent, no answer came by the deadline: it may have happened. What has not happened by then never
   * will. You may repeat enter, poll, activate and tick, and anything by token. A repeated extend may
   * count twice, a repeated release by name may end a newer entry of the same person. Calls that write. */
  QK_EUNKNOWN = -13,
  /* The store's data is damaged or not the library's. A person must look. */
  QK_ESTATE = -14,
  /* Data or a token of a newer version of this library. Update it. */
  QK_EVERSION = -15,
  /* Used in a child of the process that opened the store. Open another one there. */
  QK_EFORK = -16,
  /* A person must act: password, rights, eviction policy, server too old. Repeating does not help. */
  QK_EDENIED = -17
};

/* What happened to somebody: qk_event.type. */
enum {
  /* A new entry was made. QK_EVENT_ADMITTED follows if it was admitted at once. */
  QK_EVENT_ENTERED = 1,
  /* WAITING became READY. */
  QK_EVENT_ADMITTED,
  /* READY became ACTIVE. */
  QK_EVENT_ACTIVATED,
  /* An ACTIVE seat got more time. */
  QK_EVENT_EXTENDED,
  /* Released from WAITING or READY. */
  QK_EVENT_LEFT,
  /* WAITING ended: no poll for idle_ms. */
  QK_EVENT_DROPPED,
  /* READY ended: not activated within ready_ms. */
  QK_EVENT_LAPSED,
  /* ACTIVE ended: its time was up. */
  QK_EVENT_EXPIRED,
  /* Released from ACTIVE. */
  QK_EVENT_COMPLETED
};

/* Bytes that hold any token: at most 511 characters and a NUL. */
#define QK_TOKEN_SIZE 512

/* ---- Structs --------------------------------------------------------------------------------- */

/* What a call reports about one user. Filled by the library, yours to keep; holds no pointer. */
typedef struct qk_ticket {
  /* state          QK_NONE to QK_ACTIVE
   * fresh          1 = this call made the entry. 0 = it was there before, or the call's first try made it
   *                and its answer was lost. */
  int32_t state, fresh;
  /* cls            class given at enter, 0 to 7; 0 goes first
   * extends        extensions used so far */
  uint32_t cls, extends;
  /* number         arrival number; 0 = no entry
   * position       1 = next to be admitted; 0 unless WAITING
   * waiting        people in line now, of all classes */
  uint64_t number, position, waiting;
  /* The life of the queue that number belongs to; 0 = no entry. */
  uint64_t epoch;
  /* eta_ms         ms until admission at the pace of the last 60 s of queue time; -1 = unknown (nobody was
   *                admitted lately, the queue is younger than 10 s, HOLD or CLOSED); 0 unless WAITING
   * expires_at_ms  Unix ms at which READY lapses or ACTIVE expires, if the clocks run on as now; 0 if
   *                neither */
  int64_t eta_ms, expires_at_ms;
  /* poll_after_ms  poll again after this: about 1,000 near the head, 30,000 far back, never above a third
   *                of idle_ms; spread by 15 %, so that people do not come in step; 200 while an offer waits
   *                for the store's replicas; 0 when READY or ACTIVE
   * estimated      1 = position comes from the cursor (see qk_poll_token()): the true one is not higher as
   *                of then */
  uint32_t poll_after_ms, estimated;
  /* queue, user    the names, NUL-terminated
   * pad_           0 */
  char queue[65], user[129], pad_[6];
  /* 0 */
  uint64_t reserved[8];
} qk_ticket;

/* How one queue admits. qk_policy_init() sets size and the defaults. Spans are queue time. 64-bit fields
 * are at most 2^53 - 1. A change acts from that moment, see qk_set_policy(). */
typedef struct qk_policy {
  /* size           sizeof(qk_policy)
   * mode           QK_MODE_OPEN to QK_MODE_BYPASS; QK_MODE_OPEN by default. Counts only for a queue that
   *                the call creates; qk_set_mode() changes it. */
  uint32_t size, mode;
  /* Seats: READY and ACTIVE together never exceed it, not for an instant (BYPASS excepted). 50,000; 0
   * admits nobody. Lowering it throws nobody out. */
  uint64_t max_active;
  /* So many may wait: further new people are refused (QK_EFULL). 0 = no limit, the default. Lowering it
   * removes nobody. */
  uint64_t max_waiting;
  /* At most so many admissions in any rate_window_ms. 0 = no limit, the default. Nothing is saved up while
   * nobody waits, and a lapsed READY gives none back. */
  uint64_t rate;
  /* Length of that window, ms: 1,000; 1 to 86,400,000. */
  uint32_t rate_window_ms;
  /* ready_ms       how long an offer stands, ms: 300,000; at least 1
   * active_ms      how long a visit lasts from activation or the last extension, ms: 600,000; at least 1
   * max_extends    extensions of one visit: 2; 0 = none
   * idle_ms        who has not polled for so long is dropped by the next tick, ms: 0 = never, the default;
   *                else at least 3,000 */
  uint32_t ready_ms, active_ms, max_extends, idle_ms;
  /* eager          1 = an enter while nobody waits, and a release that frees a seat, may admit one person
   *                at once; 0 = only ticks admit. 1 by default.
   * clock_step_ms  the most that one call may move queue time on, ms: 60,000; 0 = no bound at all. Unless
   *                it is 0, the step is the least of it and a quarter of each of ready_ms, active_ms and
   *                idle_ms that is not 0.
   * lanes          1; other values are refused by this version */
  uint32_t eager, clock_step_ms, lanes;
  /* 0 */
  uint64_t reserved[8];
} qk_policy;

/* What a tick did. */
typedef struct qk_tick_report {
  /* Done by this call:
   * queues         queues ticked
   * admitted       people who became READY
   * lapsed         READY whose time was up
   * expired        ACTIVE whose time was up
   * dropped        WAITING whose idle time was up */
  uint64_t queues, admitted, lapsed, expired, dropped;
  /* After it, in the queues ticked: people in each state. */
  uint64_t waiting, ready, active;
  /* Queues left out because another host holds their lease. qk_tick(NULL) only; always 0 in memory. */
  uint32_t skipped;
  /* 1 = tick_budget or the deadline ended the work, and some is left that this tick could do: call again
   * now. */
  uint32_t more;
  /* How long the call took, microseconds of real time. */
  uint64_t elapsed_us;
  /* next_ms        call again within this many ms: the least of the step, the next deadline, and the next
   *                slot of the rate where the rate alone holds people back; 0 if more; 1,000 for a queue
   *                skipped; UINT32_MAX if there is nothing to wait for
   * pad_           0 */
  uint32_t next_ms, pad_;
  /* 0 */
  uint64_t reserved[7];
} qk_tick_report;

/* The totals of one queue, read in one atomic step. After every call and every crash entered = waiting +
 * ready + active + left + dropped + lapsed + expired + completed. */
typedef struct qk_stats {
  /* People in each state now. A READY or ACTIVE whose time is up counts until a tick has swept it. */
  uint64_t waiting, ready, active;
  /* entered        entries ever made
   * admitted       times that somebody became READY
   * activated      times that somebody became ACTIVE
   * left           entries released from WAITING or READY
   * dropped        WAITING whose idle time was up
   * lapsed         READY whose time was up
   * expired        ACTIVE whose time was up
   * completed      entries released from ACTIVE */
  uint64_t entered, admitted, activated, left, dropped, lapsed, expired, completed;
  /* The number issued last; 0 = none yet. */
  uint64_t last_number;
  /* now_ms         the store's clock, Unix ms
   * head_age_ms    how long the first in line has waited, queue time; 0 = nobody waits */
  int64_t now_ms, head_age_ms;
  /* Admissions per second over the last 60 s of queue time; -1 = unknown (none, or the queue is younger
   * than 10 s). */
  double outflow_per_s;
  /* 0 */
  uint64_t reserved[8];
} qk_stats;

/* The front of the line, per class. A WAITING number above highest[cls] had not been admitted at at_ms. */
typedef struct qk_cursor {
  /* epoch          the life of the queue
   * last           the number issued last
   * lost_from      first number of the latest gap that lost writes left; 0 = there is none
   * lost_to        last number of that gap */
  uint64_t epoch, last, lost_from, lost_to;
  /* By class:
   * highest        highest number ever admitted; 0 = none
   * head           lowest number waiting; last + 1 = nobody waits
   * waiting        people waiting */
  uint64_t highest[8], head[8], waiting[8];
  /* The store's clock when this was read, Unix ms. */
  int64_t at_ms;
  /* As in qk_stats. */
  double outflow_per_s;
  /* 0 */
  uint64_t reserved[8];
} qk_cursor;

/* One verb of qk_batch() or qk_submit(). Zero it, then set size, verb and what the verb needs: queue and
 * user, or token instead of both (not for QK_ENTER and QK_TICK). An op that is not valid comes back with
 * result QK_EINVAL. */
typedef struct qk_op {
  /* sizeof(qk_op) */
  uint32_t size;
  /* verb           QK_ENTER to QK_TICK
   * result         out: what the function of that verb returns */
  int32_t verb, result;
  /* QK_ENTER: the class of a new entry, 0 to 7. */
  uint32_t cls;
  /* The names; they stay where they are until the op is done. */
  const char *queue, *user;
  /* A token, likewise; NULL if there are names. */
  const char *token;
  /* Filled as the verb says; may be NULL. */
  qk_ticket *ticket;
  /* QK_TICK: filled; may be NULL. */
  qk_tick_report *report;
  /* Yours; the library never touches it. */
  void *data;
  /* 0 */
  uint64_t reserved[4];
  /* The library's; needs no initial value. */
  void *internal[4];
} qk_op;

/* What went wrong in a call, in words. Yours; every function that takes one accepts NULL. */
typedef struct qk_error {
  /* The code that the call returned; 0 on success. */
  int32_t code;
  /* One line in English for a person, NUL-terminated; empty on success. Never holds a secret. May change:
   * compare codes. */
  char text[252];
} qk_error;

/* Somebody changed state, by this store's doing. Valid during the callback, its strings too. */
typedef struct qk_event {
  /* type           QK_EVENT_ENTERED to QK_EVENT_COMPLETED
   * cls            class of the entry */
  int32_t type;
  uint32_t cls;
  /* The names, NUL-terminated. */
  const char *queue, *user;
  /* The entry: its number, and the life of the queue. */
  uint64_t number, epoch;
  /* The store's clock, Unix ms. */
  int64_t at_ms;
  /* 0 */
  uint64_t reserved[4];
} qk_event;

/* How to open a store. qk_options_init() sets size and the defaults. Callbacks must outlive the store, be
 * safe to call from every thread that uses it, and may be NULL; their first argument is the pointer beside
 * them. All else is copied by qk_open(). */
typedef struct qk_options {
  /* size           sizeof(qk_options)
   * tick_budget    people that one qk_tick() moves per queue: at most so many dropped, so many ended
   *                (lapsed and expired) and so many admitted; 0 = no bound, the default */
  uint32_t size, tick_budget;
  /* cursor_ms      age at which a cursor is read again, in ms: 500; 0 to 86,400,000, 0 = always ask the
   *                store
   * timeout_ms     the most that any one call may take, ms of real time: 5,000; 1 to 86,400,000. The same
   *                settings in the URI win over both. */
  uint32_t cursor_ms, timeout_ms;
  /* create         1 = an enter may create its queue, with policy; 0 = it is QK_ENOTFOUND. 1 by default.
   * pad_           0 */
  uint32_t create, pad_;
  /* The store's clock, Unix ms; NULL = the process's or the server's. One clock for all hosts of a queue:
   * a store on Redis takes it only with clock=host in the URI. A test that moves it by hand makes everything
   * deterministic. Real-time deadlines never use it. */
  int64_t (*clock)(void *arg);
  void *clock_arg;
  /* Fill buf with len random bytes; 0 = done, anything else fails the call with QK_ESTORE. NULL = the
   * system's. */
  int (*random)(void *arg, void *buf, size_t len);
  void *random_arg;
  /* Details that have no other way out, at most one line per code, queue and second. level: 0 error, 1
   * warning, 2 info, 3 debug. text: len bytes without a line end or a NUL, valid during the call; never a
   * secret or a user. */
  void (*log)(void *arg, int level, const char *text, size_t len);
  void *log_arg;
  /* Changes of state, in order for each person; on a thread inside a call, not always the call that made
   * them. Best effort: one that finds no memory is dropped. The totals (qk_stats) are the audit. */
  void (*on_event)(void *arg, const qk_event *event);
  void *event_arg;
  /* key, key2      token secrets; NULL = none. key signs and checks; key2 only checks, while one replaces
   *                the other. Without key the store's own random secret signs; on Redis all hosts share
   *                it. */
  const void *key, *key2;
  /* Their lengths, bytes: at least 16; 0 with NULL. */
  size_t key_len, key2_len;
  /* The policy of queues that nobody configured; NULL = qk_policy_init()'s. */
  const qk_policy *policy;
  /* 0 */
  uint64_t reserved[16];
} qk_options;

/* ---- Opening and closing --------------------------------------------------------------------- */

/* Fill options with the defaults.
 *
 * The struct   what it held before does not matter. NULL is ignored.
 * Never blocks. Any thread. Since 0.1.0. */
QK_API void qk_options_init(qk_options *);

/* Open a store.
 *
 * "memory:" opened twice is two stores; a Redis URI is the same queues for whoever opens it. A store stays
 * open until qk_close(), and reconnects by itself.
 *
 * out          gets the store; NULL on failure
 * uri          scheme, place and settings, percent-encoded: "memory:?timeout_ms=100&window=64". NULL =
 *              "memory:". Settings of every store, which win over the options: timeout_ms; cursor_ms;
 *              window, the most ops that may be submitted and not reaped (16,384; 1 to 1,048,576).
 *              "memory:" has no others and no path. "redis:", "redis+unix:", "redis+sentinel:" and
 *              "redis+cluster:", known to a library that was built with hiredis: libqueue_redis(7).
 * qk_options   NULL = the defaults. Copied, with the keys and the policy.
 * qk_error     says what is wrong, and with which part; may be NULL
 *
 * QK_OK        *out is the store
 * QK_EINVAL    unknown scheme or setting, bad URI, bad options, a key shorter than 16 bytes, a clock that
 *              the store does not take
 * or QK_ENOMEM, QK_ESTORE, QK_ESTATE, QK_EVERSION, QK_EDENIED.
 *
 * Blocks, not in memory; where no server answers, until timeout_ms is over. Resolving a host name may
 * outlast that: use addresses where it matters.
 * Any thread. Since 0.1.0. */
QK_API int qk_open(qk_store **out, const char *uri /* NULL: "memory:" */, const qk_options *, qk_error *);

/* Close a store and free it.
 *
 * Ops that were submitted and not reaped are yours again; those that were not done get the result
 * QK_ESTORE (never sent) or QK_EUNKNOWN. No call may be under way on the store, and none may follow. In a
 * child of the opener it only frees.
 *
 * The store    NULL is ignored
 *
 * Does not wait for the store's answer to anything. Not while any other thread uses it. Cost: O(people) in
 * memory. Since 0.1.0. */
QK_API void qk_close(qk_store *);

/* ---- The verbs, by name ---------------------------------------------------------------------- */

/* Put a person in line, in class 0.
 *
 * qk_enter_class() with cls 0, to the last detail.
 *
 * queue, user  the names
 * out          the place; may be NULL
 *
 * QK_OK         out is the place
 * QK_EINVAL     a name is not valid
 * QK_ENOTFOUND  no such queue, and qk_options.create is 0
 * QK_EFULL      max_waiting people wait; waiting and poll_after_ms are filled. New people only.
 * QK_ECLOSED    mode DRAIN or CLOSED; waiting and poll_after_ms are filled. New people only.
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(1) amortised for a new entry, O(log n) for one who waits. Since 0.1.0. */
QK_API int qk_enter(qk_store *, const char *queue, const char *user, qk_ticket *out);

/* Put a person in line.
 *
 * Idempotent: whoever is WAITING, READY or ACTIVE gets that same place back, in its own class, with fresh
 * = 0; for one who waits it counts as a poll. A person with two devices has one place. An own READY or
 * ACTIVE whose time is up is ended and counted first, then a new entry is made with a new number. Creates
 * the queue if there is none and qk_options.create is 1. A new entry is READY at once if nobody of any
 * class waits and eager, mode, seats and rate allow it; in BYPASS any entry is. Between entries of one
 * class, the first to be stored has the lower number.
 *
 * queue, user  the names
 * cls          class of a new entry, 0 to 7: the lowest class goes first, and within it the lowest number
 * out          the place; may be NULL
 *
 * QK_OK         out is the place
 * QK_EINVAL     a name is not valid, or cls is above 7
 * QK_ENOTFOUND  no such queue, and qk_options.create is 0
 * QK_EFULL      max_waiting people wait; waiting and poll_after_ms are filled. New people only.
 * QK_ECLOSED    mode DRAIN or CLOSED; waiting and poll_after_ms are filled. New people only.
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(1) amortised for a new entry, O(log n) for one who waits. Since 0.1.0. */
QK_API int qk_enter_class(qk_store *, const char *queue, const char *user, uint32_t cls, qk_ticket *out);

/* Tell a person's place, and keep it.
 *
 * Whoever waits counts as having polled now, which is what keeps the place where idle_ms is set, until a
 * tick has dropped it. Changes nothing else. Repeat it after poll_after_ms.
 *
 * queue, user  the names
 * out          the place; may be NULL
 *
 * QK_OK         out is the place: WAITING, READY or ACTIVE
 * QK_EINVAL     a name is not valid
 * QK_ENOTFOUND  no such queue, or nobody
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(log n). Since 0.1.0. */
QK_API int qk_poll(qk_store *, const char *queue, const char *user, qk_ticket *out);

/* Take the offered seat: READY becomes ACTIVE, for active_ms from now.
 *
 * Idempotent: activating twice changes nothing and succeeds.
 *
 * queue, user  the names
 * out          the place; may be NULL
 *
 * QK_OK         out is the place: ACTIVE
 * QK_EINVAL     a name is not valid
 * QK_ENOTFOUND  no such queue, or nobody; a READY whose time is up is nobody
 * QK_ENOTREADY  still WAITING, as polls have it; out is the whole place
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(log n). Since 0.1.0. */
QK_API int qk_activate(qk_store *, const char *queue, const char *user, qk_ticket *out);

/* Give an ACTIVE person active_ms from now.
 *
 * At most max_extends times in one visit. Never sets an earlier end. Not idempotent: each call counts. A
 * repeat that the library makes inside one call counts once; one that you make after QK_EUNKNOWN may count
 * twice.
 *
 * queue, user  the names
 * out          the place; may be NULL
 *
 * QK_OK          out is the place, with extends one higher
 * QK_EINVAL      a name is not valid
 * QK_ENOTFOUND   no such queue, or nobody; an ACTIVE whose time is up is nobody
 * QK_ENOTACTIVE  WAITING or READY; out is the whole place
 * QK_ELIMIT      max_extends used up; out is the whole place
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(log n). Since 0.1.0. */
QK_API int qk_extend(qk_store *, const char *queue, const char *user, qk_ticket *out);

/* End a person's entry, whatever its state.
 *
 * From WAITING it leaves the line, from READY it gives the offer back (both count as left), from ACTIVE it
 * ends the visit (completed). Also how an operator removes somebody. Where a seat becomes free it may
 * admit the first in line at once, if eager, mode, seats and rate allow it. A repeat by you after
 * QK_EUNKNOWN may end a newer entry of the same person: use qk_release_token() where that matters.
 *
 * queue, user  the names
 * out          QK_NONE, with number, cls and epoch of what ended; may be NULL
 *
 * QK_OK         it is over; also if the call's first try got no answer and its repeat finds nobody
 * QK_EINVAL     a name is not valid
 * QK_ENOTFOUND  no such queue, or nobody; a READY or ACTIVE whose time is up is nobody
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(log n). Since 0.1.0. */
QK_API int qk_release(qk_store *, const char *queue, const char *user, qk_ticket *out);

/* ---- Tokens, and the verbs by token ---------------------------------------------------------- */

/* Write the token of a ticket: text that proves it and can be checked without the store.
 *
 * Canonical base64url without padding, signed with the store's key; libqueue(3) has the layout. The same
 * ticket and key always give the same token. It says whose entry it is, the state, and when that ends;
 * make a new one when the state changes. Signed, not encrypted.
 *
 * The ticket   one that this library filled, WAITING, READY or ACTIVE
 * out          QK_TOKEN_SIZE bytes; gets at most 511 characters and a NUL, the empty string on failure
 *
 * QK_OK        out is the token
 * QK_EINVAL    state QK_NONE, or a ticket that the library did not fill
 * QK_EFORK     used in a child of the opener
 *
 * Never blocks. Any thread. Cost: one MAC of the token. Since 0.1.0. */
QK_API int qk_token(qk_store *, const qk_ticket *, char out[QK_TOKEN_SIZE]);

/* Check a token's signature and time, without asking the store.
 *
 * For the door of a protected page. It cannot know of what happened after the token was made: a seat that
 * was released is accepted until its time is up; an extension needs a new token. Its time is compared with
 * this host's clock, corrected by the offset to the store's last seen.
 *
 * token        NUL-terminated text from anybody
 * out          what the token says; position, waiting and extends 0, eta_ms -1 if WAITING; may be NULL
 *
 * QK_OK         a READY or ACTIVE token whose time is not up; out is filled
 * QK_EINVAL     token is NULL
 * QK_ENOTREADY  a WAITING token; out is filled
 * QK_EEXPIRED   a READY or ACTIVE token whose time is up; out is filled
 * QK_ETOKEN     garbled, forged, or of another key
 * QK_EVERSION   made by a newer version of this library
 * QK_EFORK      used in a child of the opener
 *
 * Never blocks. Any thread. Cost: one MAC of the token. Since 0.1.0. */
QK_API int qk_verify(qk_store *, const char *token, qk_ticket *out);

/* Do as qk_poll() for the entry that a token names. For web front ends: the token is their cookie.
 *
 * A token only names its entry, by queue, user, epoch and number: its state and time are not looked at,
 * the store decides. So an old WAITING token finds the READY or ACTIVE entry that came of it.
 *
 * Redis: people far back are answered from the cursor, the front of the line as this host read it less than
 * 4 x cursor_ms (and ready_ms / 8) ago. Then nothing is sent, estimated is 1, the entry had not been admitted
 * by then, and position is an upper bound of the true one; eta_ms leaves out those in front who are gone, by
 * their share of the line. Among such answers of one store to one token position rises only by people who
 * enter lower classes, or by writes that the store lost; an exact answer in between may be lower. That the
 * entry left, or was dropped, shows at the front of the line at the latest. The store is asked for the first
 * 1,000 places and those that 10 s of outflow reach, for tokens of READY and ACTIVE, and with cursor_ms = 0.
 * While idle_ms is set it is also asked at each entry's first poll here, and told in batches, within idle_ms
 * / 6, who polled: tick, or drive qk_reap(), at least so often. Memory always answers exactly.
 *
 * token        NUL-terminated text from anybody
 * out          the place; may be NULL
 *
 * QK_OK        out is the place: WAITING, READY or ACTIVE
 * QK_EINVAL    token is NULL
 * QK_EEXPIRED  the entry is over, replaced, or of another life of the queue; also if there is no such
 *              queue
 * QK_ETOKEN    garbled, forged, or of another key; nothing was asked
 * QK_EVERSION  made by a newer version of this library
 * or a write fault.
 *
 * Blocks, unless it answers from the cursor. Any thread. Cost: O(log n); O(1) from the cursor. Since
 * 0.1.0. */
QK_API int qk_poll_token(qk_store *, const char *token, qk_ticket *out);

/* Do as qk_activate() for the entry that a token names. It may be repeated after QK_EUNKNOWN.
 *
 * token        NUL-terminated text from anybody
 * out          the place; may be NULL
 *
 * QK_OK         out is the place: ACTIVE
 * QK_EINVAL     token is NULL
 * QK_ENOTREADY  still WAITING; out is the whole place
 * QK_EEXPIRED   the entry is over, replaced, or of another life of the queue; also if there is no such
 *               queue
 * QK_ETOKEN     garbled, forged, or of another key; nothing was asked
 * QK_EVERSION   made by a newer version of this library
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(log n). Since 0.1.0. */
QK_API int qk_activate_token(qk_store *, const char *token, qk_ticket *out);

/* Do as qk_extend() for the entry that a token names. Each call counts.
 *
 * token        NUL-terminated text from anybody
 * out          the place; may be NULL
 *
 * QK_OK          out is the place, with extends one higher
 * QK_EINVAL      token is NULL
 * QK_ENOTACTIVE  WAITING or READY; out is the whole place
 * QK_EEXPIRED    the entry is over, replaced, or of another life of the queue; also if there is no such
 *                queue
 * QK_ELIMIT      max_extends used up; out is the whole place
 * QK_ETOKEN      garbled, forged, or of another key; nothing was asked
 * QK_EVERSION    made by a newer version of this library
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(log n). Since 0.1.0. */
QK_API int qk_extend_token(qk_store *, const char *token, qk_ticket *out);

/* Do as qk_release() for the entry that a token names.
 *
 * It may be repeated after QK_EUNKNOWN: it never ends a newer entry, and QK_EEXPIRED then says that this
 * one is over.
 *
 * token        NUL-terminated text from anybody
 * out          QK_NONE, with number, cls and epoch of what ended; may be NULL
 *
 * QK_OK        it is over; also if the call's first try got no answer and its repeat finds nobody
 * QK_EINVAL    token is NULL
 * QK_EEXPIRED  it was over before, replaced, or of another life of the queue; also if there is no such
 *              queue
 * QK_ETOKEN    garbled, forged, or of another key; nothing was asked
 * QK_EVERSION  made by a newer version of this library
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(log n). Since 0.1.0. */
QK_API int qk_release_token(qk_store *, const char *token, qk_ticket *out);

/* ---- The scheduler --------------------------------------------------------------------------- */

/* Run one step of the scheduler: end what is over, then admit.
 *
 * Ends every READY and ACTIVE whose time is up, earliest deadline first, drops whoever waits and has not
 * polled for idle_ms, and admits the lowest (class, number) while mode, seats and rate allow. Moves queue
 * time on by at most one step, also when it finds nothing to do. Call it from a timer: about once a second
 * suits most; never later than the last report's next_ms. Several hosts may tick one queue at once: the
 * limits hold, and nobody is admitted twice.
 *
 * Where many hosts share a store let every one of them tick: with queue NULL they share the queues by leases
 * of one second, which save work and decide nothing.
 *
 * It works in slices, each atomic and short; the tick as a whole is not atomic. tick_budget bounds one
 * call; an idle person whom the budget left stops admission, since nobody whose time is up is ever
 * admitted.
 *
 * queue        the queue, never skipped. NULL = every queue of the store, from where the last such call
 *              stopped; those that other hosts are at are skipped, and a queue that fails does not stop
 *              the others: one whose server cannot be reached is given up at once.
 * out          what was done; may be NULL
 *
 * QK_OK         out is the report
 * QK_EINVAL     the name is not valid
 * QK_ENOTFOUND  no such queue
 * or a write fault; with queue NULL the first one met, and out is the report of what was done all the
 * same.
 *
 * Blocks; the time limit ends the work with more = 1. Any thread. Cost: O(k log n) for k people moved;
 * with NULL, beside that, O(queues). Since 0.1.0. */
QK_API int qk_tick(qk_store *, const char *queue /* NULL: every queue */, qk_tick_report *out);

/* ---- Many verbs at once ---------------------------------------------------------------------- */

/* Carry out many ops, and wait for all of them.
 *
 * The same as one call after the other, and faster. Ops of one queue take effect in array order. Each
 * stands alone: one that fails does not stop the others. Takes no op that was submitted, and its own never
 * come out of qk_reap().
 *
 * ops          the ops; result, ticket and report of each are filled
 * count        how many; 0 is allowed
 *
 * QK_OK        every op has its result, whatever the results are
 * QK_EINVAL    ops is NULL and count is not 0; nothing was done
 * QK_EFORK     used in a child of the opener; nothing was done
 *
 * Blocks until the last one is done, at most timeout_ms. Any thread. Cost: that of its ops. Since 0.1.0. */
QK_API int qk_batch(qk_store *, qk_op *ops, size_t count);

/* Hand ops over, to be carried out while you do other things.
 *
 * All or none is taken. From QK_OK until qk_reap() hands an op back, the op, its strings, ticket and
 * report belong to the library: leave them alone. Every op comes back within timeout_ms; there is no
 * cancel. An op that is not valid is taken and comes back with result QK_EINVAL. Ops of one queue take
 * effect in the order of the array and, between calls of one thread, in the order of the calls; a connection
 * that breaks, or a queue that moves to another server, may change the order between script calls under way.
 * A tick begins when all that was submitted before it is done, of any queue, and what comes after begins
 * when the tick is done. Does no I/O: afterwards the fd is readable until qk_reap() has sent what it can.
 *
 * ops          pointers to the ops, none NULL; the array itself is yours again on return
 * count        how many; 0 is allowed, at most the window
 *
 * QK_OK        all are taken
 * QK_EINVAL    ops is NULL, a pointer in it is NULL, or count is above the window; none is taken
 * QK_EAGAIN    the window has no room for all of them; none is taken. Reap, then repeat.
 * QK_EFORK     used in a child of the opener; none is taken
 *
 * Never blocks. Memory carries the ops out at once, here. Any thread. Cost: O(count), and that of the ops
 * in memory. Since 0.1.0. */
QK_API int qk_submit(qk_store *, qk_op *const *ops, size_t count);

/* Do the I/O that is due, and take back ops that are done.
 *
 * Several threads may reap: each op goes to one of them. No call but this one hands out submitted ops.
 *
 * done         gets pointers to the ops, in the order in which they were done; entries past the returned
 *              count are untouched
 * max          room in done, at least 1
 * timeout_ms   how long to wait for the first op, real time: 0 = not at all, -1 = without limit. 0 ops
 *              come back when it is over, on a signal, and after qk_wakeup().
 *
 * >= 0         how many ops came back
 * QK_EINVAL    done is NULL, max is 0, or timeout_ms is below -1
 * QK_EFORK     used in a child of the opener
 *
 * Blocks for at most timeout_ms of its own, not that of the options. Any thread. Cost: O(ops handed back).
 * Since 0.1.0. */
QK_API int qk_reap(qk_store *, qk_op **done, size_t max, int timeout_ms);

/* Give the descriptor that is readable when qk_reap() has something to do.
 *
 * For poll, epoll, kqueue, libuv and their like. The same one until qk_close(). Level-triggered; covers
 * the library's own timers; may wake you for nothing. When it is readable call qk_reap() with timeout 0.
 * Do not read, write or close it.
 *
 * >= 0         the descriptor
 * QK_EINVAL    the store is NULL
 * QK_EFORK     used in a child of the opener
 *
 * Never blocks. Any thread. Cost: O(1). Since 0.1.0. */
QK_API int qk_fd(qk_store *);

/* End a waiting qk_reap(), which then returns 0 ops.
 *
 * If nobody waits it is remembered, once: the fd is readable, and the next qk_reap() that has nothing to
 * hand back returns at once. NULL, and a store of the parent process, are ignored.
 *
 * Never blocks. Any thread, and signal handlers: async-signal-safe. Cost: one system call. Since 0.1.0. */
QK_API void qk_wakeup(qk_store *);

/* ---- Queues and their policies --------------------------------------------------------------- */

/* Fill a policy with the defaults.
 *
 * The struct   what it held before does not matter. NULL is ignored.
 * Never blocks. Any thread. Since 0.1.0. */
QK_API void qk_policy_init(qk_policy *);

/* Set a queue's policy; create the queue if there is none.
 *
 * Idempotent. The policy's mode counts only if this call creates the queue; after that only qk_set_mode()
 * changes it, so that no deploy undoes an operator's hold. It acts from that moment:
 *   - deadlines of READY and ACTIVE people stay; an extend never sets an earlier end than there was;
 *   - an idle deadline is the last poll + the present idle_ms; when idle_ms is lowered, or raised from 0,
 *     everyone in line counts as having polled now;
 *   - under a new rate_window_ms the admissions of the old window count as made now;
 *   - a lower max_active or max_waiting removes nobody.
 *
 * Warning: tick the queue at least once per step, the least of clock_step_ms and a quarter of each of
 * ready_ms, active_ms and idle_ms that is not 0. Between two calls that move it, queue time moves by no
 * more than that; ticked more rarely, it runs slow and every deadline comes late. clock_step_ms = 0 lifts
 * the bound, and with it the protection: then a jump of the clock ends everybody whose time it passes.
 *
 * queue        the name
 * qk_policy    the policy, all of it. Copied.
 * qk_error     says which field is wrong; may be NULL
 *
 * QK_OK        set
 * QK_EINVAL    the name or a field is out of range, size is wrong, or a reserved word is not 0
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(1). Since 0.1.0. */
QK_API int qk_set_policy(qk_store *, const char *queue, const qk_policy *, qk_error *);

/* Read a queue's policy, with the mode as it is now.
 *
 * queue        the name
 * The policy   filled, size too, so that it can be changed and set again
 *
 * QK_OK         filled
 * QK_EINVAL     the name is not valid, or the policy is NULL
 * QK_ENOTFOUND  no such queue
 * or a read fault.
 *
 * Blocks. Any thread. Cost: O(1). Since 0.1.0. */
QK_API int qk_get_policy(qk_store *, const char *queue, qk_policy *);

/* Set a queue's mode; create the queue, with the store's default policy, if there is none.
 *
 * Idempotent. Acts from that moment and throws nobody out.
 *
 * queue        the name
 * mode         QK_MODE_OPEN to QK_MODE_BYPASS
 *
 * QK_OK        set
 * QK_EINVAL    the name is not valid, or there is no such mode
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(1). Since 0.1.0. */
QK_API int qk_set_mode(qk_store *, const char *queue, uint32_t mode);

/* Set the policies of many queues, from JSON.
 *
 * {"queue name": {"max_active": 500, "mode": "HOLD", ...}, ...}: the fields of qk_policy by name, but for
 * size and reserved; mode by name, and only for queues that this creates; a field that is missing has the
 * value of the store's default policy. The whole text is checked before the first queue is set. Then each
 * queue is set by itself, as by qk_set_policy(); a fault ends it between two queues. Idempotent: repeat it
 * after a fault.
 *
 * json         UTF-8; need not end with a NUL
 * len          bytes in json
 * qk_error     says what is wrong and where; for an unknown key it names the nearest known one. May be
 *              NULL.
 *
 * QK_OK        all are set
 * QK_EINVAL    not JSON, an unknown key, a name or a value that is not valid; nothing was set
 * or a write fault; some queues may be set.
 *
 * Blocks, per queue. Any thread. Cost: O(len). Since 0.1.0. */
QK_API int qk_load(qk_store *, const char *json, size_t len, qk_error *);

/* End a queue's life: forget its people, its policy and its totals.
 *
 * Tokens of its people are QK_EEXPIRED from now on. If the queue is made anew it has another epoch and
 * starts with number 1.
 *
 * queue        the name
 *
 * QK_OK         gone
 * QK_EINVAL     the name is not valid
 * QK_ENOTFOUND  no such queue
 * or a write fault.
 *
 * Blocks. Any thread. Cost: O(people in the queue). Since 0.1.0. */
QK_API int qk_remove(qk_store *, const char *queue);

/* Read a queue's totals, in one atomic step.
 *
 * queue        the name
 * The stats    filled
 *
 * QK_OK         filled
 * QK_EINVAL     the name is not valid, or the stats are NULL
 * QK_ENOTFOUND  no such queue
 * or a read fault.
 *
 * Blocks. Any thread. Cost: O(log n). Since 0.1.0. */
QK_API int qk_get_stats(qk_store *, const char *queue, qk_stats *);

/* Read the front of a queue's line: one small answer from which everybody's place can be estimated.
 *
 * Redis: may be what this host read before, by this call, a tick or a poll by token, at most cursor_ms ago;
 * then nothing is sent. Memory, and cursor_ms = 0, read it anew.
 *
 * queue        the name
 * The cursor   filled
 *
 * QK_OK         filled
 * QK_EINVAL     the name is not valid, or the cursor is NULL
 * QK_ENOTFOUND  no such queue
 * or a read fault.
 *
 * Blocks, unless what it has is fresh enough. Any thread. Cost: O(1). Since 0.1.0. */
QK_API int qk_get_cursor(qk_store *, const char *queue, qk_cursor *);

/* List the line, in order, a page at a time.
 *
 * Starts after (cls, after_number), that one excluded, and goes on through the higher classes. (0, 0) is
 * the start; the last ticket's cls and number give the next page; fewer than max (or 1,000) is the end.
 * Each page is read in one atomic step, the listing as a whole is not: people move between pages, but
 * nobody who waits all the while is missed or listed twice. Nobody counts as having polled.
 *
 * queue         the name
 * cls           class to start in, 0 to 7
 * after_number  number to start after, 0 = from the first
 * out           room for max tickets; those listed are filled, WAITING, the others are untouched; after a
 *               failure what it holds means nothing
 * max           tickets wanted; more than 1,000 counts as 1,000
 *
 * >= 0          how many were listed
 * QK_EINVAL     the name is not valid, cls is above 7, or out is NULL while max is not 0
 * QK_ENOTFOUND  no such queue
 * or a read fault.
 *
 * Blocks. Any thread. Cost: O(log n + max). Since 0.1.0. */
QK_API int qk_list(qk_store *, const char *queue, uint32_t cls, uint64_t after_number, qk_ticket *out,
                   size_t max);

/* Call a function for each queue of the store.
 *
 * In no order. A queue that exists all the while is visited exactly once; one that comes or goes
 * meanwhile, at most once. No lock is held during a visit, which may call the store, except qk_close().
 *
 * visit        gets arg and a name that is valid during the call; anything but 0 ends the walk and is
 *              returned. Use positive numbers, to tell it from a code.
 * arg          yours
 *
 * QK_OK        all were visited
 * QK_EINVAL    visit is NULL
 * or a read fault, or what visit returned.
 *
 * Blocks, per page of names. Any thread. Cost: O(queues). Since 0.1.0. */
QK_API int qk_each_queue(qk_store *, int (*visit)(void *arg, const char *queue), void *arg);

/* ---- Text ------------------------------------------------------------------------------------ */

/* Write a ticket as JSON: an object of the struct's fields by name, without pad_ and reserved.
 *
 * state is given by name, epoch as a string, since many readers of JSON hold numbers as doubles.
 *
 * The ticket   any; NULL gives NULL
 * Returns      text that you release with qk_free(); NULL if there is no memory, or a name in it is not
 *              UTF-8
 *
 * Never blocks. Any thread. Since 0.1.0. */
QK_API char *qk_ticket_json(const qk_ticket *);

/* Write totals as JSON: an object of the struct's fields by name, without reserved.
 *
 * The stats    any; NULL gives NULL
 * Returns      text that you release with qk_free(); NULL if there is no memory
 *
 * Never blocks. Any thread. Since 0.1.0. */
QK_API char *qk_stats_json(const qk_stats *);

/* Write a policy as JSON: an object of the struct's fields by name, without size and reserved; mode by
 * name.
 *
 * It is what qk_load() takes as a queue's value.
 *
 * The policy   any; NULL gives NULL
 * Returns      text that you release with qk_free(); NULL if there is no memory
 *
 * Never blocks. Any thread. Since 0.1.0. */
QK_API char *qk_policy_json(const qk_policy *);

/* Write a cursor as JSON: an object of the struct's fields by name, without reserved; epoch as a string,
 * what is by class as an array of eight. It holds nothing about anybody: a page may have it from a cache,
 * the same for all, and compute its own place, as qk_get_cursor(3) says.
 *
 * The cursor   any; NULL gives NULL
 * Returns      text that you release with qk_free(); NULL if there is no memory
 *
 * Never blocks. Any thread. Since 0.1.0. */
QK_API char *qk_cursor_json(const qk_cursor *);

/* Write what is known of every queue, and what this store measured, in the text format of Prometheus.
 *
 * Memory: every queue as it is. Redis: without I/O, so each queue as its last view shows it, which ticks,
 * polls by token, qk_get_stats() and qk_get_cursor() renew; queues of which nothing was heard for 5 minutes
 * are left out, removed ones at once. qk_metrics(3) has the names. No label names a user.
 *
 * The store    NULL gives NULL
 * Returns      text that you release with qk_free(); NULL if there is no memory, or in a child of the
 *              opener
 *
 * Never blocks. Any thread. Cost: O(queues), some 20 us each. Since 0.1.0. */
QK_API char *qk_metrics(qk_store *);

/* Release text that this library returned.
 *
 * The text     from a function above; NULL is ignored
 * Never blocks. Any thread. Since 0.1.0. */
QK_API void qk_free(void *);

/* Say what a code means, in a few English words.
 *
 * code         any number; one that is no code gets words that say so
 * Returns      a constant string, never NULL. May change from version to version: compare codes.
 * Never blocks. Any thread. Since 0.1.0. */
QK_API const char *qk_strerror(int code);

/* Name a state: "NONE", "WAITING", "READY", "ACTIVE".
 *
 * state        QK_NONE to QK_ACTIVE
 * Returns      a constant string, never NULL; "UNKNOWN" for a number that is no state
 * Never blocks. Any thread. Since 0.1.0. */
QK_API const char *qk_state_name(int state);

/* Name a mode: "OPEN", "HOLD", "DRAIN", "CLOSED", "BYPASS".
 *
 * mode         QK_MODE_OPEN to QK_MODE_BYPASS
 * Returns      a constant string, never NULL; "UNKNOWN" for a number that is no mode
 * Never blocks. Any thread. Since 0.1.0. */
QK_API const char *qk_mode_name(uint32_t mode);

/* Give the version of the library that runs.
 *
 * Returns      a constant string, "major.minor.patch"
 * Never blocks. Any thread. Since 0.1.0. */
QK_API const char *qk_version(void);

/* Give the version of the library that runs, as a number to compare.
 *
 * Returns      major * 65,536 + minor * 256 + patch
 * Never blocks. Any thread. Since 0.1.0. */
QK_API uint32_t qk_version_number(void);

#ifdef __cplusplus
}
#endif

#endif
