#include "crowd.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <qk_backend.h>
#include "lib/batch.h"

#define SCHEMES 8

/* A verb of nobody. Its work is the first member: that is how it is found again. */
struct nobody {
  qk_work work;
  struct nobody *next, *prev;
  void *store; /* whom it was given to */
  char queue[QK_QUEUE_MAX + 1], user[32];
};

static const qk_backend_ops *inner;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct nobody *under_way;
static unsigned long made, answered;

static void nobody_done(qk_store *store, qk_work *work);
static struct qki_owner owner = {nobody_done};

/* ---- Nobody ---------------------------------------------------------------------------------------- */

/* Each differs from the one before in verb and in naming: by name, or by the token of another life. */
static void dress(struct nobody *nobody, unsigned long number, const qk_name *queue, int64_t now_ms)
{
  static const int32_t verbs[] = {QK_POLL, QK_ACTIVATE, QK_EXTEND, QK_RELEASE};
  qk_work *work = &nobody->work;
  snprintf(nobody->queue, sizeof nobody->queue, "%s", queue->text);
  snprintf(nobody->user, sizeof nobody->user, "nobody %lu", number);
  work->verb = verbs[number % 4];
  work->queue = (qk_name){.text = nobody->queue, .len = queue->len, .hash = queue->hash};
  work->user = (qk_name){.text = nobody->user, .len = (uint32_t)strlen(nobody->user), .hash = number};
  work->by_token = number % 3 == 0;
  work->epoch = work->number = work->by_token ? number : 0;
  work->now_ms = now_ms;
  work->owner = &owner;
}

static struct nobody *invent(void *store, const qk_name *queue, int64_t now_ms)
{
  struct nobody *nobody = calloc(1, sizeof *nobody);
  if (!nobody)
    abort();
  nobody->store = store;
  pthread_mutex_lock(&lock);
  dress(nobody, ++made, queue, now_ms);
  nobody->next = under_way;
  if (under_way)
    under_way->prev = nobody;
  under_way = nobody;
  pthread_mutex_unlock(&lock);
  return nobody;
}

static void forget_locked(struct nobody *nobody)
{
  if (nobody->next)
    nobody->next->prev = nobody->prev;
  if (nobody->prev)
    nobody->prev->next = nobody->next;
  else
    under_way = nobody->next;
  free(nobody);
}

unsigned long crowd_answers(void)
{
  pthread_mutex_lock(&lock);
  unsigned long count = answered;
  pthread_mutex_unlock(&lock);
  return count;
}

/* Nobody is nowhere: any other answer is a mistake, trouble with the store excepted. */
static void check_answer(const qk_work *work)
{
  int is_trouble = work->result <= QK_ESTORE || work->result == QK_ENOMEM;
  if (is_trouble || work->result == (work->by_token ? QK_EEXPIRED : QK_ENOTFOUND))
    return;
  fprintf(stderr, "crowd: verb %d of %s in %s gives %d\n", work->verb, work->user.text, work->queue.text,
          work->result);
  abort();
}

static void nobody_done(qk_store *store, qk_work *work)
{
  (void)store;
  check_answer(work);
  pthread_mutex_lock(&lock);
  answered++;
  forget_locked((struct nobody *)work);
  pthread_mutex_unlock(&lock);
}

/* ---- The slots ------------------------------------------------------------------------------------- */

static void append(qk_work ***last, qk_work *work)
{
  **last = work;
  *last = &work->next;
}

static void crowd_start(void *store, qk_work *list, int64_t deadline_ms)
{
  static const qk_name nowhere = {.text = "nowhere", .len = 7};
  qk_work *first = NULL, **last = &first;
  while (list) {
    qk_work *work = list;
    int is_verb = work->verb <= QK_RELEASE;
    list = work->next;
    append(&last, &invent(store, &nowhere, work->now_ms)->work);
    if (is_verb)
      append(&last, &invent(store, &work->queue, work->now_ms)->work);
    append(&last, work);
    if (is_verb)
      append(&last, &invent(store, &work->queue, work->now_ms)->work);
  }
  *last = NULL;
  inner->start(store, first, deadline_ms);
}

static int crowd_open(void **out, const qk_uri *uri, qk_host *host, qk_error *err)
{
  qk_uri behind = *uri;
  behind.scheme = strchr(uri->scheme, '+') + 1;
  return inner->open(out, &behind, host, err);
}

static void crowd_close(void *store, int forked)
{
  inner->close(store, forked);
  if (!forked)
    pthread_mutex_lock(&lock);
  for (struct nobody *nobody = under_way, *next; nobody; nobody = next) {
    next = nobody->next;
    if (nobody->store == store)
      forget_locked(nobody);
  }
  if (!forked)
    pthread_mutex_unlock(&lock);
}

int crowd_register(const char *scheme)
{
  static char names[SCHEMES][32];
  static const char *schemes[SCHEMES + 1];
  const qk_backend_ops *found = qk_backend_find(scheme);
  if (!found || inner || !(found->caps & QK_CAP_ASYNC))
    return QK_EINVAL;
  inner = found;
  for (size_t i = 0; i < SCHEMES && inner->schemes[i]; i++) {
    snprintf(names[i], sizeof names[i], "crowd+%s", inner->schemes[i]);
    schemes[i] = names[i];
  }
  qk_backend_ops ops = *inner;
  ops.name = "crowd";
  ops.schemes = schemes;
  ops.open = crowd_open;
  ops.close = crowd_close;
  ops.start = crowd_start;
  return qk_backend_register(&ops);
}
