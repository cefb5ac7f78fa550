/* qk_backend.h: for those who write a storage backend. A weaker promise than qk.h: it may change in any
 * minor release.
 *
 * A backend is storage and nothing else. The rules of a queue (who is admitted, when, in which order, with
 * which code) live once, in the library, as functions over two things that the backend stores: a plain
 * struct of numbers per queue (qk_queue_state) and the queue's people, reached through nine small
 * operations (qk_people_ops). A backend
 *
 *   1. finds a queue by name and makes sure that nobody else changes it meanwhile (a lock, a transaction);
 *   2. calls qk_rules_run(), qk_rules_slice(), ... which read and change the state and call the people
 *      operations;
 *   3. makes what they did permanent as one atomic step, or undoes all of it.
 *
 * So SQLite is: BEGIN, read the state row, rules over indexed selects, write the row, COMMIT; etcd is the
 * same in one transaction that compares the row's revision; memory is a mutex. A backend that must decide
 * on its server, as Redis with its scripts, skips the rules and carries out verbs and slices itself; the
 * conformance suite holds it equal.
 *
 * examples/backend/ is the smallest complete one. Register a backend with qk_backend_register() before
 * qk_open().
 *
 * Threads: unless a slot's comment says otherwise the library calls any slot from any thread, several at
 * once, for one queue too, and holds no lock of its own: keeping them apart is the backend's part. A slot
 * may call qk_host_... and qk_rules_..., under its own locks too, but not the public API on the same
 * store.
 */
#ifndef QK_BACKEND_H
#define QK_BACKEND_H

#include <qk.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QK_QUEUE_MAX 64 /* bytes in a queue's name */
#define QK_USER_MAX 128 /* bytes in a user's id */
#define QK_CLASSES 8    /* classes are 0 to 7 */
#define QK_NUMBER_MAX ((UINT64_C(1) << 49) - 1)
/* What a double, a Lua number and a JSON reader can hold. */
#define QK_INTEGER_MAX ((UINT64_C(1) << 53) - 1)
#define QK_WINDOW_SLOTS 64

/* ---- What travels between the library and a backend ------------------------------------------ */

/* What a backend can do. The library asks these bits, never a name, and builds on them: claim none that is
 * not kept. */
enum {
  QK_CAP_ASYNC = 1,        /* has start, process and fd: submitted work travels while the host does others */
  QK_CAP_INSTANT = 2,      /* run() does no I/O and never waits: submitted work is done inside qk_submit */
  QK_CAP_SHARED = 4,       /* several processes may share a queue; secret is then required, and lease */
  QK_CAP_DURABLE = 8,      /* what was answered survives the process */
  QK_CAP_SERVER_CLOCK = 16 /* has a clock of its own; a host clock must be asked for in the URI */
};

/* A queue's name: valid, NUL-terminated; hash is SipHash-2-4 under a random key of the store. */
typedef struct qk_name {
  const char *text;
  uint32_t len;
  uint64_t hash;
} qk_name;

/* What start() is given beside verbs: the steps of a tick, and a look at a queue. Each does what the slot of
 * its name does, and result is what that slot would return; detail points to its arguments. */
enum {
  QK_WORK_SLICE = 32, /* tick_slice; detail: a qk_slice */
  QK_WORK_LEASE,      /* lease; detail: a uint32_t, ttl_ms */
  QK_WORK_QUEUES,     /* queues; detail: a qk_page; queue is empty */
  QK_WORK_VIEW        /* get_policy, stats and cursor, of one moment; detail: a qk_view */
};

/* A page of queue names: the arguments of the slot queues. */
typedef struct qk_page {
  uint64_t position; /* in and out */
  char (*names)[QK_QUEUE_MAX + 1];
  size_t max;
} qk_page;

/* What a waiting person's pace depends on, of one queue at one moment. */
typedef struct qk_pace {
  uint64_t epoch;
  int64_t time_ms;   /* logical */
  uint64_t admitted; /* in the logical seconds floor(time_ms / 1000) - 59 to floor(time_ms / 1000) */
  uint64_t waiting;  /* in line, all classes */
  uint32_t mode, idle_ms;
} qk_pace;

/* A queue as it is at one moment: what qk_get_policy(), qk_get_stats() and qk_get_cursor() show, and what
 * polls are answered from without the store. */
typedef struct qk_view {
  qk_policy policy;
  qk_stats stats;
  qk_cursor cursor;
  qk_pace pace;
  uint64_t changes; /* rises with every change of the queue in this epoch, also when writes were lost */
} qk_view;

/* One verb on one person, validated. The strings and the ticket are valid until the work is done: until
 * run() returns, or qk_host_done() is called. */
typedef struct qk_work {
  int32_t verb;        /* QK_ENTER to QK_RELEASE; given to start() also QK_WORK_... */
  int32_t result;      /* out: QK_OK or a code of qk.h */
  qk_name queue, user; /* user.hash is SipHash-2-4 under a random key of the store */
  uint32_t cls;        /* QK_ENTER: the class of a new entry */
  uint32_t by_token;   /* 1: epoch and number name the entry; whatever else is there is QK_EEXPIRED */
  uint64_t epoch, number;
  /* The store's clock; ignored by a backend with QK_CAP_SERVER_CLOCK unless the host set one. */
  int64_t now_ms;
  /* NULL, or zeroed but for queue and user. The rules fill it as qk.h says for the result; a backend that
   * has to turn QK_OK into a fault afterwards zeroes it again, but for these two. */
  qk_ticket *ticket;
  void *detail;         /* of QK_WORK_... */
  struct qk_work *next; /* the backend's while it holds the work, as is deadline_ms */
  int64_t deadline_ms;
  void *owner; /* the library's */
} qk_work;

/* A store's URI, split and percent-decoded: scheme://user:password@host:port,host:port/path?name=value */
typedef struct qk_uri {
  const char *scheme;
  const char *user, *password; /* NULL if absent */
  const char *const *hosts;    /* "host", "host:port", "[v6]:port" */
  size_t host_count;
  const char *path;                         /* without the leading slash; "" if absent */
  const char *const *names, *const *values; /* settings that the library did not take itself */
  size_t setting_count;
} qk_uri;

/* The library's side of one open store, as a backend sees it. */
typedef struct qk_host qk_host;

/* The policy of a queue that is created without one. Lives as long as the store. */
QK_API const qk_policy *qk_host_policy(const qk_host *host);
/* 1 if an enter may create its queue. */
QK_API int qk_host_creates(const qk_host *host);
/* 1 if the host gave a clock of its own. */
QK_API int qk_host_has_clock(const qk_host *host);
/* QK_CAP_SERVER_CLOCK: the store's clock shows this now. qk_verify goes by it. Any thread. */
QK_API void qk_host_saw_clock(qk_host *host, int64_t store_ms);
/* The longest that any one call may take, qk_options.timeout_ms: for open, which is given no deadline. */
QK_API uint32_t qk_host_timeout_ms(const qk_host *host);
/* Fill buf with random bytes from qk_options.random or the system. QK_OK or QK_ESTORE. Runs the host's
 * callback, under whatever locks the caller holds. */
QK_API int qk_host_random(qk_host *host, void *buf, size_t len);
/* Queue an event for on_event; the library delivers it when no lock is held. Copies. May be called with
 * any of the backend's locks held. An event that finds no memory is dropped. */
QK_API void qk_host_event(qk_host *host, const qk_event *event);
/* 1 if somebody listens to events. */
QK_API int qk_host_listens(const qk_host *host);
/* One line for the log callback, at most one per code, queue and second; delivered like an event. level as
 * in qk_options; queue may be NULL. text holds no secret, no user and no line end. */
QK_API void qk_host_log(qk_host *host, int level, int code, const char *queue, const char *text);
/* What qk_metrics() says of a backend's ways to its server. Counting takes no lock and a few ns; any thread.
 */
enum {
  QK_COUNT_CONNECTS,   /* connections made */
  QK_COUNT_RECONNECTS, /* ... again to a server that was lost */
  QK_COUNT_REDIRECTS,  /* calls that another server of a cluster had to be asked for */
  QK_COUNT_RELOADS,    /* scripts that a server did not know */
  QK_COUNT_REPEATS,    /* calls that were sent again because no answer came */
  QK_COUNT_BYTES_IN,   /* read from, */
  QK_COUNT_BYTES_OUT,  /* and written to sockets */
  QK_COUNT_KINDS
};
QK_API void qk_host_count(qk_host *host, int kind, uint64_t n);
/* A call to the server was answered: which of qk_backend_ops.calls, how long it took from sending to answer,
 * how many people it was about. */
QK_API void qk_host_called(qk_host *host, int call, int64_t took_us, uint64_t people);

/* How long people waited in one queue until they were let in, and how long they stayed inside: this host's
 * doing alone, histograms for qk_metrics(). Whoever holds it calls with the queue's lock held, or from the
 * one thread that drives. */
typedef struct qk_times qk_times;
/* The times of a queue, shared by all who ask for it. NULL without memory: then nothing is measured. */
QK_API qk_times *qk_host_times(qk_host *host, const qk_name *queue);
/* Give it back: the queue is forgotten, or was removed. NULL is fine. */
QK_API void qk_host_times_end(qk_host *host, qk_times *times);
/* n people were let in after wait_ms in line; n ended after stay_ms ACTIVE. Logical ms. times may be
 * NULL. */
QK_API void qk_times_waited(qk_times *times, int64_t wait_ms, uint64_t n);
QK_API void qk_times_stayed(qk_times *times, int64_t stay_ms, uint64_t n);

/* QK_CAP_ASYNC: hand a started work back, result and ticket filled; afterwards it is gone. On any thread
 * that is inside a slot; any of the backend's locks may be held. */
QK_API void qk_host_done(qk_host *host, qk_work *work);

/* QK_CAP_ASYNC: what a thread in a blocking slot waits for. Zeroed before use. */
typedef struct qk_wait {
  int is_over;
  void *internal;
} qk_wait;

/* Wait until qk_host_over(). Meanwhile somebody is in process(): this thread, or another that waits
 * likewise and hands over when its own wait is over (leader and followers: Schmidt et al. 2000). So a
 * blocking slot is: hand the question to process(), wait, read the answer. The backend sees to it that every
 * wait is over by its deadline. Call with no lock held, not from within process(). */
QK_API void qk_host_wait(qk_host *host, qk_wait *wait);
/* End a wait; from within process(). Afterwards wait may be gone. */
QK_API void qk_host_over(qk_host *host, qk_wait *wait);
/* A new default secret of the store: it signs from now on, the one before is still accepted. Without effect
 * if the host gave a key of its own, or if nothing changed. On any thread that is inside a slot. */
QK_API void qk_host_secret(qk_host *host, const unsigned char secret[32]);
/* Set an error's code and text, cut to fit; err may be NULL. Returns code. */
QK_API int qk_error_set(qk_error *err, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* ---- What a backend stores for a queue ------------------------------------------------------- */

/* Counts of the recent past, by slot of time. Slots are numbered from 0 at logical time 0. */
typedef struct qk_window {
  int64_t newest;                  /* the slot counted last */
  uint64_t sum;                    /* of all counts below */
  uint64_t count[QK_WINDOW_SLOTS]; /* of slot s at s % QK_WINDOW_SLOTS; 0 where no slot in sight is meant */
} qk_window;

/* All that the rules know about a queue, people excepted. Plain numbers: copy it, write it to disk,
 * compare it. Only the library changes it. Invariant: entered = waiting + ready + active + left + dropped
 * + lapsed + expired + completed. */
typedef struct qk_queue_state {
  uint64_t epoch, last_number;
  int64_t time_ms;   /* logical time L */
  int64_t clock_ms;  /* the store's clock when L was stored */
  int64_t polled_ms; /* everyone waiting counts as having polled at this logical time at least */
  uint64_t waiting[QK_CLASSES], highest[QK_CLASSES]; /* in line; highest number ever admitted */
  uint64_t ready, active;
  uint64_t entered, admitted, activated, left, dropped, lapsed, expired, completed;
  uint64_t changes; /* rises with every change */
  uint64_t lost_from, lost_to;
  qk_window rate;    /* admissions, in slots of the rate window */
  qk_window outflow; /* admissions, in logical seconds */
  qk_policy policy;
} qk_queue_state;

/* One person as stored. */
typedef struct qk_entry {
  uint64_t number; /* never 0 */
  uint32_t cls;
  int32_t state; /* QK_WAITING, QK_READY or QK_ACTIVE */
  uint32_t extends, user_len;
  int64_t since_ms; /* logical; since when it is WAITING, or ACTIVE; may be lost while READY */
  int64_t time_ms;  /* logical; WAITING: the last poll; READY, ACTIVE: the deadline */
  const char *user; /* the id, not NUL-terminated; valid until the next call on the people */
  uint64_t handle;  /* the backend's */
} qk_entry;

/* The people of one queue. The rules call these, on the thread that called the rules, under the locks or
 * in the transaction that it holds. All are required. Each returns QK_OK, or what is said here. After any
 * other code the rules stop at once with that code, and the backend must undo the whole step, state and
 * people; where that is not possible nothing but reserve() may fail. */
typedef struct qk_people_ops {
  /* Find user among all people, whatever their state and deadline: that somebody's time is up is for the
   * rules to see. 1 and *out filled, or 0. */
  int (*find)(void *people, const qk_name *user, qk_entry *out);
  /* Make sure that the next add cannot fail for want of memory: it will store entry under user; or, where
   * both are NULL, the next update that moves somebody from WAITING to a seat. Removes in between must not
   * use it up, and it may stay unused. In a verb it comes before the first change, so that QK_ENOMEM here
   * leaves nothing to undo; in a tick before each admission, where QK_ENOMEM ends the step after what is
   * done. */
  int (*reserve)(void *people, const qk_name *user, const qk_entry *entry);
  /* Store a new person under user, WAITING or READY. The number is higher than any before; nobody is
   * stored under user. */
  int (*add)(void *people, const qk_name *user, const qk_entry *entry);
  /* Replace what is stored about a person: state, extends, since_ms, time_ms. was is what find, next, due or
   * stalest gave; user, number and class are equal in both, and the state is the same or one step on, WAITING
   * -> READY -> ACTIVE. */
  int (*update)(void *people, const qk_entry *was, const qk_entry *entry);
  /* Forget a person; entry is what find, next, due or stalest gave. */
  int (*remove)(void *people, const qk_entry *entry);
  /* Count who waits in entry's class with a lower number. Only this class: the rules add the others. */
  int (*ahead)(void *people, const qk_entry *entry, uint64_t *count);
  /* The first who waits in class cls with a number above after. 1, or 0 if nobody. */
  int (*next)(void *people, uint32_t cls, uint64_t after, qk_entry *out);
  /* The seat (READY or ACTIVE) with the earliest deadline, of equals the lowest number: otherwise two
   * backends end different people first. 1, or 0 if there is none. */
  int (*due)(void *people, qk_entry *out);
  /* Who waits in class cls and polled longest ago, taking polls before from_ms as made at from_ms; of
   * equals the lowest number. 1; 0 if nobody polled at until_ms or before; QK_EAGAIN if a bounded search
   * ended undecided: the rules end the slice and the library calls again. *out is as stored: time_ms may
   * be below from_ms. */
  int (*stalest)(void *people, uint32_t cls, int64_t from_ms, int64_t until_ms, qk_entry *out);
} qk_people_ops;

/* One queue in the hands of the rules: the backend fills it and holds the queue's lock or transaction. */
typedef struct qk_queue {
  qk_queue_state *state;
  const qk_people_ops *ops;
  void *people;
  qk_host *host;
  const qk_name *name;
  qk_times *times; /* of this queue; NULL = not measured */
} qk_queue;

/* ---- The rules ------------------------------------------------------------------------------- */

/* One step of a tick: at most max people. The library fills the first part and adds the second up. */
typedef struct qk_slice {
  int64_t now_ms;
  uint32_t max;        /* people this step may move */
  uint32_t unfinished; /* out: 1 if max ended the step: call again at once */
  /* What is left of tick_budget; UINT64_MAX = no bound. Counted down. */
  uint64_t may_end, may_drop, may_admit;
  uint64_t admitted, lapsed, expired, dropped; /* out: done by this step */
  uint64_t waiting, ready, active;             /* out: after it */
  uint32_t more, next_ms;                      /* out: as in qk_tick_report; not valid while unfinished */
} qk_slice;

/* A new queue. Sets every field; draws the epoch. policy NULL = the host's default. QK_OK or QK_ESTORE. */
QK_API int qk_rules_create(qk_host *host, qk_queue_state *state, const qk_policy *policy, int64_t now_ms);
/* May this work create its queue? QK_OK: make one with qk_rules_create(), run the work on it, and keep it
 * only if that gives QK_OK. Otherwise the code that the work ends with (QK_ENOTFOUND, QK_EEXPIRED,
 * QK_ECLOSED), already stored in work with what its ticket shows. */
QK_API int qk_rules_may_create(qk_host *host, qk_work *work);
/* Carry out one verb: changes state and people, fills work->result and the ticket, queues events. Returns
 * work->result. After anything but QK_OK undo the step: after the code of a people operation that is owed,
 * after a refusal there is nothing to undo, so that it does no harm. */
QK_API int qk_rules_run(const qk_queue *queue, qk_work *work);
/* Carry out one step of a tick. QK_OK; or the code of a people operation: undo the step. */
QK_API int qk_rules_slice(const qk_queue *queue, qk_slice *slice);
/* Set policy; its mode is taken only if set_mode is 1. */
QK_API void qk_rules_set_policy(qk_queue_state *state, const qk_policy *policy, int set_mode, int64_t now_ms);
QK_API void qk_rules_set_mode(qk_queue_state *state, uint32_t mode, int64_t now_ms);
/* Read the totals and the cursor. QK_OK, or the code of a people operation. */
QK_API int qk_rules_stats(const qk_queue *queue, int64_t now_ms, qk_stats *out);
QK_API int qk_rules_cursor(const qk_queue *queue, int64_t now_ms, qk_cursor *out);
/* Fill a page of the line from (cls, after) on, exclusive. Returns how many, or a code. */
QK_API int qk_rules_list(const qk_queue *queue, int64_t now_ms, uint32_t cls, uint64_t after, qk_ticket *out,
                         size_t max);

/* ---- For backends that decide on their server -------------------------------------------------- */

/* Fill position, eta_ms and poll_after_ms of a ticket whose epoch and number are set. */
QK_API void qk_pace_ticket(const qk_pace *pace, uint64_t position, qk_ticket *ticket);
/* When somebody who was refused may try again: as if last in line, and far back where nobody may enter
 * (DRAIN, CLOSED). who spreads people out. */
QK_API uint32_t qk_pace_refused(const qk_pace *pace, uint64_t who);
/* qk_stats.outflow_per_s. */
QK_API double qk_pace_outflow(const qk_pace *pace);

/* ---- A backend ------------------------------------------------------------------------------- */

/* The slots. What holds for all of them:
 *
 *   Codes     beside what a comment says: QK_ENOTFOUND if there is no such queue, and QK_ENOMEM,
 *             QK_ESTORE, QK_ESTATE, QK_EDENIED and QK_EVERSION with the meaning that qk.h gives them. Each
 *             promises that nothing has changed. A slot that changes something ends with QK_EUNKNOWN where
 *             it cannot know whether it did, and only there; one that reads ends with QK_ESTORE. Hosts
 *             repeat what failed: a false promise counts somebody twice.
 *   Atomic    means: everything or nothing, at one moment, for every other caller and after a crash. A
 *             step that is cut in two gives somebody two places or none, and the totals no longer balance:
 *             QK_ESTATE, or worse, nobody sees.
 *   Deadline  in ms on CLOCK_MONOTONIC; INT64_MAX = none, which a backend with QK_CAP_INSTANT gets. Return
 *             by then. What has not happened by then must never happen.
 *   Times     now_ms is the store's clock, as in qk_work. */
typedef struct qk_backend_ops {
  uint32_t size; /* sizeof(qk_backend_ops) */
  uint32_t caps; /* QK_CAP_... */
  const char *name;
  const char *const *schemes; /* NULL-terminated, without the colon */
  /* Names that the URI's query may hold besides the library's own; NULL-terminated, or NULL. */
  const char *const *settings;
  /* Kinds of calls to its server, as qk_metrics() names them and qk_host_called() counts them; at most 16,
   * NULL-terminated, or NULL. */
  const char *const *calls;

  /* Required. Connect, and give the handle that the other slots get; none of them is called before. host
   * lives until close has returned; uri and its strings die after the call, so copy what is kept.
   * QK_EINVAL for what the URI says wrongly. On a failure *out is untouched, everything is freed, since
   * close is not called, and err says which part is wrong and what to do, without a secret. What would
   * fail at the first use, rights for instance, should fail here. */
  int (*open)(void **out, const qk_uri *uri, qk_host *host, qk_error *err);
  /* Required. Free everything. Called once, while no other slot runs, and none afterwards. Works that were
   * started and not handed back may be forgotten: the library ends them with QK_EUNKNOWN. forked = 1: in a
   * child of the opener, where the threads that held the locks are gone and the connections are the
   * parent's too. Take no lock and do no I/O, close descriptors and free memory: one byte sent from here
   * breaks the parent's connection. */
  void (*close)(void *store, int forked);
  /* Required without QK_CAP_ASYNC, else not called. Carry out works[0] to works[n-1] and give each its
   * result: what qk_rules_run() or qk_rules_may_create() gave, or a code as above. By token QK_EEXPIRED
   * stands for QK_ENOTFOUND. Each is atomic by itself; those of one queue take effect in array order. An
   * enter creates its queue in the same step, as qk_rules_may_create() says. */
  void (*run)(void *store, qk_work *works, size_t n, int64_t deadline_ms);

  /* Required with QK_CAP_ASYNC, else NULL. Take a list of works (by next), of blocking callers too; never
   * waits, cannot fail. Each comes back through qk_host_done(), exactly once, at the deadline at the latest,
   * also if all that is left to say is QK_ESTORE or QK_EUNKNOWN: one that does not is a person who is never
   * answered. Results, order and atomicity as in run, the order over all works that one thread starts. */
  void (*start)(void *store, qk_work *list, int64_t deadline_ms);
  /* Likewise. Do the I/O that is due, waiting at most timeout_ms for it (0 = not at all), and hand back
   * what is done or late. One thread at a time, beside other slots on other threads. */
  void (*process)(void *store, int timeout_ms);
  /* Likewise. The descriptor that is readable while process has something to do: an answer, room to send,
   * a work that is late. Level-triggered, the same until close. A host that sleeps on qk_fd() is woken by
   * nothing else. */
  int (*fd)(void *store);

  /* Required without QK_CAP_ASYNC, else not called: start is given QK_WORK_SLICE. One step of a tick of one
   * queue, atomic: qk_rules_slice() or its equal. A backend for which
   * slice->max people are too many at once lowers it first. The library calls again while unfinished: let
   * other callers in between, or they wait for the whole tick. */
  int (*tick_slice)(void *store, const qk_name *queue, qk_slice *slice, int64_t deadline_ms);
  /* Required without QK_CAP_ASYNC, else not called, but for list: start is given QK_WORK_VIEW. Reads: they
   * change nothing, not even the queue's time, and each shows one moment. A picture
   * of two moments makes totals that do not balance, and a cursor that tells people who were admitted to
   * go on waiting. get_policy gives what set_policy stored, with the mode of now; the others are
   * qk_rules_stats(), qk_rules_cursor() and qk_rules_list(), where max is at most 1,000 and how many is
   * returned. */
  int (*get_policy)(void *store, const qk_name *queue, qk_policy *out, int64_t deadline_ms);
  int (*stats)(void *store, const qk_name *queue, int64_t now_ms, qk_stats *out, int64_t deadline_ms);
  int (*cursor)(void *store, const qk_name *queue, int64_t now_ms, qk_cursor *out, int64_t deadline_ms);
  int (*list)(void *store, const qk_name *queue, int64_t now_ms, uint32_t cls, uint64_t after, qk_ticket *out,
              size_t max, int64_t deadline_ms);
  /* Required. Set a policy, valid, creating the queue if there is none, in one atomic step:
   * qk_rules_create(), qk_rules_set_policy(), qk_rules_set_mode(). policy NULL: only the mode is set, and
   * a queue that this call creates gets the host's policy. Else the mode is policy's for a queue that this
   * call creates, and stays for any other: otherwise a deploy undoes an operator's hold. */
  int (*set_policy)(void *store, const qk_name *queue, const qk_policy *policy, uint32_t mode, int64_t now_ms,
                    int64_t deadline_ms);
  /* Required. End a queue's life: forget its people and its state, in one atomic step. The next queue of
   * that name begins with qk_rules_create(), whose new epoch is what makes the old tokens void. */
  int (*remove)(void *store, const qk_name *queue, int64_t deadline_ms);
  /* Required without QK_CAP_ASYNC, else not called. A page of queue names: up to max from *position on (0 =
   * the start), which rises from page to page and is 0 again at the end. A queue that exists all the while is
   * given exactly once, whatever comes and goes meanwhile: one that is left out is never ticked. Returns how
   * many. */
  int (*queues)(void *store, uint64_t *position, char (*names)[QK_QUEUE_MAX + 1], size_t max,
                int64_t deadline_ms);

  /* Required with QK_CAP_SHARED unless QK_CAP_ASYNC, which gets QK_WORK_LEASE; else may be NULL. Ask for the
   * right to tick a queue in qk_tick(NULL) for
   * ttl_ms of the server's time. 1, or 0 if another host has it. Only saves work: nothing may depend on
   * it, ticks are right without. */
  int (*lease)(void *store, const qk_name *queue, uint32_t ttl_ms, int64_t deadline_ms);
  /* Required with QK_CAP_SHARED; without it the library draws a secret at each open. Read the store's random
   * token secret, or make and keep it, atomically: two hosts with two secrets refuse each other's tokens.
   * Part of opening: err says what to do. */
  int (*secret)(void *store, unsigned char out[32], int64_t deadline_ms, qk_error *err);
} qk_backend_ops;

/* Make a backend known to qk_open(), process-wide. ops is copied; the strings it points to must live on. A
 * scheme that is known already is QK_EINVAL, as is a missing slot or another size. QK_ENOMEM. Any thread. */
QK_API int qk_backend_register(const qk_backend_ops *ops);
/* The backend of a scheme, for those who wrap one; NULL if unknown. Lives as long as the process. */
QK_API const qk_backend_ops *qk_backend_find(const char *scheme);

#ifdef __cplusplus
}
#endif

#endif
