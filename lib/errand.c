#include "errand.h"

#include <stdlib.h>

#include "store.h"

int qki_errands_init(struct qki_errands *errands)
{
  errands->first = NULL;
  atomic_init(&errands->count, 0);
  return pthread_mutex_init(&errands->lock, NULL) == 0 ? QK_OK : QK_ENOMEM;
}

void qki_errands_finish(struct qki_errands *errands, int forked)
{
  while (errands->first) {
    struct qki_errand *errand = errands->first;
    errands->first = errand->next;
    errand->over(NULL, errand);
    free(errand);
  }
  if (!forked)
    pthread_mutex_destroy(&errands->lock);
}

struct qki_errand *qki_errand_create(size_t count)
{
  struct qki_errand *errand = calloc(1, sizeof *errand + count * sizeof *errand->works);
  if (errand)
    errand->count = count;
  return errand;
}

static void put(struct qki_errands *errands, struct qki_errand *errand)
{
  pthread_mutex_lock(&errands->lock);
  errand->next = errands->first;
  if (errand->next)
    errand->next->prev = errand;
  errands->first = errand;
  pthread_mutex_unlock(&errands->lock);
  atomic_fetch_add(&errands->count, 1);
}

static void take_out(struct qki_errands *errands, struct qki_errand *errand)
{
  pthread_mutex_lock(&errands->lock);
  if (errand->prev)
    errand->prev->next = errand->next;
  else
    errands->first = errand->next;
  if (errand->next)
    errand->next->prev = errand->prev;
  pthread_mutex_unlock(&errands->lock);
  atomic_fetch_sub(&errands->count, 1);
}

static void work_done(qk_store *store, qk_work *work)
{
  struct qki_errand *errand = work->owner;
  if (atomic_fetch_sub(&errand->left, 1) > 1)
    return;
  take_out(&store->errands, errand);
  errand->over(store, errand);
  free(errand);
}

void qki_errand_start(qk_store *store, struct qki_errand *errand)
{
  size_t n = errand->count;
  errand->owner.done = work_done;
  atomic_init(&errand->left, n);
  for (size_t i = 0; i < n; i++) {
    errand->works[i].owner = errand;
    errand->works[i].next = i + 1 < n ? &errand->works[i + 1] : NULL;
  }
  put(&store->errands, errand);
  store->ops->start(store->backend, errand->works, qki_store_deadline(store));
}

void qki_errands_nudge(qk_store *store)
{
  if (atomic_load_explicit(&store->errands.count, memory_order_relaxed) > 0)
    qki_drive_once(store);
}
