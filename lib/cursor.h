/* Polls by token that are answered without the store. The rule and its proof are at the top of cursor.c. */
#ifndef QKI_CURSOR_H
#define QKI_CURSOR_H

#include <stdatomic.h>

#include <qk_backend.h>

struct qki_claims;
struct qki_known;

/* What polls need of a view. */
struct qki_sight {
  uint64_t epoch, last, lost_from, lost_to;
  uint64_t near;    /* a place up to here is asked from the store */
  int64_t taken_ms; /* when it was asked for, by qki_store_ticks() */
  int64_t ready_ms;
  qk_pace pace; /* at taken_ms */
  uint64_t highest[QK_CLASSES], head[QK_CLASSES];
  uint64_t before[QK_CLASSES]; /* people waiting in lower classes */
  double share[QK_CLASSES];    /* of the numbers from head on, so many still wait */
};

#define QKI_SIGHT_WORDS ((sizeof(struct qki_sight) + 7) / 8)

/* A sight that many read while one writes: a sequence lock, as in recent.h. */
struct qki_sight_box {
  _Atomic uint32_t version; /* odd while it is written, or empty; 0 = never written */
  _Atomic uint64_t words[QKI_SIGHT_WORDS];
};

/* Both need the writer to be alone. */
void qki_sight_put(struct qki_sight_box *box, const struct qki_sight *sight);
void qki_sight_clear(struct qki_sight_box *box);
/* 1 and *out, or 0 if it is empty or being written. */
int qki_sight_get(const struct qki_sight_box *box, struct qki_sight *out);
/* The same of one class: what is by class is filled for it alone. */
int qki_sight_get_class(const struct qki_sight_box *box, uint32_t cls, struct qki_sight *out);

/* Asking for a view. */
struct qki_asking {
  atomic_int is_asked;     /* the answer is yet to come */
  _Atomic int64_t last_ms; /* by qki_store_ticks() */
};

/* The rule: 1 and *position if the sight proves that the entry was not admitted. A pure function. */
int qki_sight_place(const struct qki_sight *sight, const struct qki_claims *claims, uint64_t *position);

/* Answer a poll by token: 1 and the ticket (may be NULL) filled, or 0: the store must be asked. Asks for a
 * new view where the present one is old, without waiting for it. */
int qki_cursor_poll(qk_store *store, const struct qki_claims *claims, qk_ticket *ticket);
/* The same entry's poll was answered by the store, or failed there: work is done. */
void qki_cursor_polled(qk_store *store, const qk_work *work);

/* Are polls answered here, do views keep? */
int qki_cursor_serves(const qk_store *store);
/* Take a view that was asked for at taken_ms. */
void qki_cursor_install(struct qki_known *known, const qk_view *view, int64_t taken_ms);
/* How old the view is; INT64_MAX if there is none, or it is of the future. */
int64_t qki_cursor_age_ms(qk_store *store, struct qki_known *known);
/* At which age it is asked for again: cursor_ms; for metrics also where that is 0. */
int64_t qki_cursor_refresh_ms(const qk_store *store);

/* The view of a queue, now: QK_OK or a code. For asynchronous backends. */
int qki_cursor_look(qk_store *store, const qk_name *queue, qk_view *out);
/* The cursor of a queue, at most cursor_ms old. Likewise. */
int qki_cursor_recent(qk_store *store, const qk_name *queue, qk_cursor *out);

#endif
