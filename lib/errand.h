/* Works that the library sends on its own behalf: nobody waits for them, and whoever drives the backend next
 * brings their answers. */
#ifndef QKI_ERRAND_H
#define QKI_ERRAND_H

#include <pthread.h>
#include <stdatomic.h>

#include <qk_backend.h>

#include "batch.h"

struct qki_errand {
  struct qki_owner owner; /* first */
  struct qki_errand *next, *prev;
  /* All works are done. Frees what it owns, but not the errand. store NULL: they never will be. */
  void (*over)(qk_store *store, struct qki_errand *errand);
  struct qki_known *known;
  int64_t begun_ms; /* by qki_store_ticks() */
  atomic_size_t left;
  size_t count;
  qk_view view;
  qk_work works[];
};

struct qki_errands {
  pthread_mutex_t lock;
  struct qki_errand *first;
  atomic_size_t count;
};

int qki_errands_init(struct qki_errands *errands);
/* Drop those that are under way. */
void qki_errands_finish(struct qki_errands *errands, int forked);

/* Room for so many works, zeroed; NULL without memory. */
struct qki_errand *qki_errand_create(size_t count);
/* Send count works. */
void qki_errand_start(qk_store *store, struct qki_errand *errand);
/* Send and read what can be without waiting, if an errand is under way. */
void qki_errands_nudge(qk_store *store);

#endif
