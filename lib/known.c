#include "known.h"

#include <stdlib.h>
#include <string.h>

#include "platform.h"
#include "store.h"

#define QUIET_MS 60000 /* until the memory of a forgotten record serves again */

int qki_knowns_init(struct qki_knowns *knowns)
{
  knowns->all = knowns->forgotten = NULL;
  knowns->forgotten_last = &knowns->forgotten;
  for (size_t i = 0; i < QKI_KNOWN_BUCKETS; i++)
    atomic_init(&knowns->buckets[i], NULL);
  return pthread_mutex_init(&knowns->lock, NULL) == 0 ? QK_OK : QK_ENOMEM;
}

void qki_knowns_finish(struct qki_knowns *knowns, int forked)
{
  while (knowns->all) {
    struct qki_known *known = knowns->all;
    knowns->all = known->older;
    qki_told_finish(&known->told);
    if (!forked)
      pthread_mutex_destroy(&known->lock);
    free(known);
  }
  if (!forked)
    pthread_mutex_destroy(&knowns->lock);
}

static _Atomic(struct qki_known *) *bucket_of(struct qki_knowns *knowns, uint64_t hash)
{
  return &knowns->buckets[hash % QKI_KNOWN_BUCKETS];
}

static struct qki_known *next_of(_Atomic(struct qki_known *) *link)
{
  return atomic_load_explicit(link, memory_order_acquire);
}

/* Forgotten or not. */
static struct qki_known *find(struct qki_knowns *knowns, const qk_name *queue)
{
  struct qki_known *known = next_of(bucket_of(knowns, queue->hash));
  while (known && (known->hash != queue->hash || known->len != queue->len ||
                   memcmp(known->name, queue->text, queue->len) != 0))
    known = next_of(&known->next);
  return known;
}

struct qki_known *qki_known_find(struct qki_knowns *knowns, const qk_name *queue)
{
  struct qki_known *known = find(knowns, queue);
  return known && !atomic_load_explicit(&known->is_gone, memory_order_acquire) ? known : NULL;
}

qk_name qki_known_name(const struct qki_known *known)
{
  return (qk_name){.text = known->name, .len = known->len, .hash = known->hash};
}

/* ---- Forgetting ---- */

static void clear_histogram(struct qki_histogram *histogram)
{
  for (size_t i = 0; i <= QKI_BOUNDS_MAX; i++)
    atomic_store_explicit(&histogram->bucket[i], 0, memory_order_relaxed);
  atomic_store_explicit(&histogram->sum, 0, memory_order_relaxed);
}

static void clear(struct qki_known *known)
{
  clear_histogram(&known->times.wait);
  clear_histogram(&known->times.stay);
  clear_histogram(&known->tick_us);
  clear_histogram(&known->tick_people);
  atomic_store(&known->tick_skips, 0);
  atomic_store(&known->polls[QKI_BY_CURSOR], 0);
  atomic_store(&known->polls[QKI_BY_STORE], 0);
  atomic_store(&known->ticked_ms, 0);
  pthread_mutex_lock(&known->lock);
  known->viewed_ms = 0;
  qki_sight_clear(&known->sight);
  qki_told_finish(&known->told);
  pthread_mutex_unlock(&known->lock);
}

static void append_forgotten_locked(struct qki_knowns *knowns, struct qki_known *known)
{
  known->is_queued = 1;
  known->forgotten_next = NULL;
  *knowns->forgotten_last = known;
  knowns->forgotten_last = &known->forgotten_next;
}

static void forget_locked(struct qki_knowns *knowns, struct qki_known *known)
{
  atomic_store_explicit(&known->is_gone, 1, memory_order_release);
  clear(known);
  known->forgotten_ms = qki_monotonic_ms();
  if (!known->is_queued)
    append_forgotten_locked(knowns, known);
}

void qki_known_forget(struct qki_knowns *knowns, const qk_name *queue)
{
  pthread_mutex_lock(&knowns->lock);
  struct qki_known *known = qki_known_find(knowns, queue);
  if (known)
    forget_locked(knowns, known);
  pthread_mutex_unlock(&knowns->lock);
}

void qki_known_retire(struct qki_knowns *knowns, struct qki_known *known)
{
  pthread_mutex_lock(&knowns->lock);
  if (!known->is_gone && known->holders == 0 && atomic_load(&known->told.notes) == 0)
    forget_locked(knowns, known);
  pthread_mutex_unlock(&knowns->lock);
}

/* ---- Making ---- */

static void unlink_locked(struct qki_knowns *knowns, struct qki_known *known)
{
  _Atomic(struct qki_known *) *link = bucket_of(knowns, known->hash);
  while (next_of(link) != known)
    link = &next_of(link)->next;
  /* Its own next stays: whoever stands on it goes on from there. */
  atomic_store_explicit(link, next_of(&known->next), memory_order_release);
}

/* The record that was forgotten first, if that is long ago and it is of no use to anybody. */
static struct qki_known *reuse_locked(struct qki_knowns *knowns)
{
  struct qki_known *known = knowns->forgotten;
  if (!known || (known->is_gone && known->forgotten_ms > qki_monotonic_ms() - QUIET_MS))
    return NULL;
  knowns->forgotten = known->forgotten_next;
  if (!knowns->forgotten)
    knowns->forgotten_last = &knowns->forgotten;
  known->is_queued = 0;
  if (!known->is_gone)
    return NULL;
  if (known->holders > 0) {
    append_forgotten_locked(knowns, known);
    return NULL;
  }
  unlink_locked(knowns, known);
  return known;
}

static struct qki_known *make_locked(struct qki_knowns *knowns)
{
  struct qki_known *known = calloc(1, sizeof *known);
  if (!known || pthread_mutex_init(&known->lock, NULL) != 0) {
    free(known);
    return NULL;
  }
  known->older = knowns->all;
  knowns->all = known;
  return known;
}

static struct qki_known *link_locked(struct qki_knowns *knowns, const qk_name *queue)
{
  struct qki_known *known = reuse_locked(knowns);
  if (!known)
    known = make_locked(knowns);
  if (!known)
    return NULL;
  _Atomic(struct qki_known *) *bucket = bucket_of(knowns, queue->hash);
  memset(known->name, 0, sizeof known->name);
  memcpy(known->name, queue->text, queue->len);
  known->len = queue->len;
  known->hash = queue->hash;
  atomic_store(&known->asking.is_asked, 0);
  atomic_store(&known->asking.last_ms, 0);
  atomic_store(&known->is_gone, 0);
  atomic_store_explicit(&known->next, next_of(bucket), memory_order_relaxed);
  atomic_store_explicit(bucket, known, memory_order_release);
  return known;
}

struct qki_known *qki_known_get(struct qki_knowns *knowns, const qk_name *queue)
{
  struct qki_known *known = qki_known_find(knowns, queue);
  if (known)
    return known;
  pthread_mutex_lock(&knowns->lock);
  known = find(knowns, queue);
  if (known)
    atomic_store_explicit(&known->is_gone, 0, memory_order_release);
  else
    known = link_locked(knowns, queue);
  pthread_mutex_unlock(&knowns->lock);
  return known;
}

/* ---- Going through ---- */

struct qki_known *qki_known_after(struct qki_knowns *knowns, const struct qki_known *known)
{
  pthread_mutex_lock(&knowns->lock);
  struct qki_known *next = known ? known->older : knowns->all;
  while (next && next->is_gone)
    next = next->older;
  pthread_mutex_unlock(&knowns->lock);
  return next;
}

/* ---- Times, for backends ---- */

qk_times *qk_host_times(qk_host *host, const qk_name *queue)
{
  struct qki_knowns *knowns = &((qk_store *)host)->knowns;
  struct qki_known *known = qki_known_get(knowns, queue);
  if (!known)
    return NULL;
  pthread_mutex_lock(&knowns->lock);
  known->holders++;
  pthread_mutex_unlock(&knowns->lock);
  return &known->times;
}

void qk_host_times_end(qk_host *host, qk_times *times)
{
  struct qki_knowns *knowns = &((qk_store *)host)->knowns;
  if (!times)
    return;
  struct qki_known *known = (struct qki_known *)((char *)times - offsetof(struct qki_known, times));
  pthread_mutex_lock(&knowns->lock);
  known->holders--;
  pthread_mutex_unlock(&knowns->lock);
}

static uint64_t at_least_0(int64_t ms)
{
  return ms > 0 ? (uint64_t)ms : 0;
}

void qk_times_waited(qk_times *times, int64_t wait_ms, uint64_t n)
{
  if (times)
    qki_histogram_add_alone(&times->wait, &qki_scale_spans, at_least_0(wait_ms), n);
}

void qk_times_stayed(qk_times *times, int64_t stay_ms, uint64_t n)
{
  if (times)
    qki_histogram_add_alone(&times->stay, &qki_scale_spans, at_least_0(stay_ms), n);
}
