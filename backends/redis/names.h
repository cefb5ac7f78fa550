/* The list of queues: 16 lists, each a sorted set of names whose scores rise in the order of arrival, so that
 * pages neither skip nor repeat a name; and beside it since when a name's queue has been missing. The list a
 * name is in follows from the name. */
#ifndef QKR_NAMES_H
#define QKR_NAMES_H

#include <qk_backend.h>

struct qkr_store;
struct qkr_lane;
struct qkr_load;

struct qkr_listed {
  uint64_t position; /* list << 49 | score */
  char name[QK_QUEUE_MAX + 1];
};

/* The list as it was read last. */
struct qkr_names {
  struct qkr_listed *all; /* by position */
  size_t count;
  int code; /* QK_OK, or why a part of it is from an earlier reading or not there */
  int is_read;
  qk_work *waiting, **last; /* works of QK_WORK_QUEUES that wait for a reading */
  struct qkr_load *load;    /* the reading under way */
};

void qkr_names_init(struct qkr_names *names);
void qkr_names_finish(struct qkr_names *names);
/* Take a work of QK_WORK_QUEUES. A walk that begins (position 0) reads the list anew; the next pages come
 * from there. Where a server does not answer, a walk is given what was known before, and ends with the code.
 */
void qkr_names_take(struct qkr_store *store, qk_work *work);
/* This host removed a queue: walks under way pass it by. */
void qkr_names_forget(struct qkr_names *names, const char *name);

/* Put a lane's queue on the list; until that is done its works wait. Works fail if it fails. */
void qkr_enlist(struct qkr_store *store, struct qkr_lane *lane, int64_t deadline_ms);
/* A queue of this epoch was seen: put it on the list again if it was listed in another life. */
void qkr_relist(struct qkr_store *store, struct qkr_lane *lane, uint64_t epoch);

#endif
