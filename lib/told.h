/* Told polls: with idle_ms set, polls that were answered from the cursor are noted and told to the store, so
 * that nobody who polls is dropped.
 *
 * Whoever polls at least every idle_ms keeps the place, so a note must reach the store within idle_ms of the
 * last poll that the store knows of. Therefore a poll is answered here only if the store has confirmed the
 * entry to this host within the last idle_ms / 2; each such poll is noted, once, and told when it is
 * idle_ms / 12 old: a quarter and more of idle_ms is left for a slow host or a store that is away. An outage
 * makes a queue's own time pass by idle_ms / 4 at most. Polls that the store failed to answer are noted, too.
 *
 * Notes go out in batches before each tick of their queue, with each poll of it, and from qk_reap(), which a
 * timer in qk_fd() sees to. A host that does none of these for idle_ms / 2 may lose what it noted. Entries
 * that the store says are over are no longer confirmed: their next poll goes to the store. */
#ifndef QKI_TOLD_H
#define QKI_TOLD_H

#include <stdatomic.h>

#include <qk_backend.h>

struct qki_claims;
struct qki_known;

/* A person that the store confirmed to be waiting, in a table by number (open addressing). */
struct qki_person {
  uint64_t number;      /* 0 = empty */
  int64_t asked_ms;     /* the last poll that went to the store; INT64_MIN = none */
  int64_t confirmed_ms; /* ... and was answered with a place; likewise */
  int is_noted;
};

struct qki_note;

/* Of one queue; under the lock of its qki_known. */
struct qki_told {
  uint64_t epoch;
  struct qki_person *people;
  size_t room, used; /* room is a power of two */
  struct qki_note *first, **last;
  _Atomic size_t notes; /* waiting, and under way */
  size_t under_way;     /* errands */
};

void qki_told_finish(struct qki_told *told);
/* People of another epoch are no concern any more. */
void qki_told_enter_epoch(struct qki_told *told, uint64_t epoch);

/* May this poll be answered here? If so it is noted: 1. */
int qki_told_note(qk_store *store, struct qki_known *known, const struct qki_claims *claims, int64_t now_ms);
/* The store answered a poll by token, or failed to. */
void qki_told_answered(qk_store *store, struct qki_known *known, const qk_work *work, int64_t now_ms);
/* Send what is due of one queue, or of all; does not wait. */
void qki_told_send(qk_store *store, struct qki_known *known, int64_t now_ms);
void qki_told_send_all(qk_store *store);

#endif
