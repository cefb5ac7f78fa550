/* The smallest backend that passes the conformance suite: read it from top to bottom, then qk_backend.h.
 *
 * It decides nothing. Who is admitted, when, with which code: the library knows that (qk_rules_*), and asks
 * for people through the nine operations of qk_people_ops. What is left to a backend is to find the queue, to
 * let nobody else in meanwhile, and to make each step all or nothing. Here one mutex does it; a database has
 * transactions.
 *
 * Everything is a linear search, on purpose: what the words mean, not how to serve 300,000 people. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <qk_backend.h>
#include "naive.h"

struct person {
  qk_entry entry; /* its user and handle are not used: give() fills them in */
  char user[QK_USER_MAX];
};

/* People stand in the order of their numbers, whatever their class and state. The library hands numbers out
 * rising, so a new one always goes to the end. */
struct queue {
  struct queue *next;
  uint64_t serial; /* rises from queue to queue: a place in the list that outlives its neighbours */
  char name[QK_QUEUE_MAX + 1];
  qk_queue_state state; /* the library's: a backend stores it, and changes nothing in it */
  qk_times *times;      /* the library's: where the rules note how long people waited and stayed */
  struct person *people;
  size_t count, room;
};

struct store {
  pthread_mutex_t lock; /* over everything below */
  qk_host *host;        /* who opened us; handed on to the rules */
  struct queue *queues; /* oldest first */
  uint64_t serial;      /* of the newest */
};

/* ---- The people of one queue ---------------------------------------------------------------------
 *
 * Called by the rules on the thread that called the rules: the lock is held. What fails must fail in
 * reserve(), before anything has changed; then a step never stops halfway and there is nothing to undo. A
 * backend whose other operations can fail too (a disk, a network) returns the code and rolls its transaction
 * back. */

/* The place of somebody who is there. Entries carry a handle for this, but here places shift with every
 * remove. */
static size_t place_of(const struct queue *queue, const qk_entry *entry)
{
  size_t place = 0;
  while (queue->people[place].entry.number != entry->number)
    place++;
  return place;
}

/* Answer with the person at place. The rules read out->user until their next call: it may point into us. */
static int give(const struct queue *queue, size_t place, qk_entry *out)
{
  *out = queue->people[place].entry;
  out->user = queue->people[place].user;
  return 1;
}

/* Dead or alive: only the rules know whether somebody's time is up. */
static int people_find(void *people, const qk_name *user, qk_entry *out)
{
  const struct queue *queue = people;
  for (size_t i = 0; i < queue->count; i++) {
    const struct person *person = &queue->people[i];
    if (person->entry.user_len == user->len && memcmp(person->user, user->text, user->len) == 0)
      return give(queue, i, out);
  }
  return 0;
}

/* A NULL entry: somebody is about to move to a seat. That needs no memory here, since people stay in the
 * array. */
static int people_reserve(void *people, const qk_name *user, const qk_entry *entry)
{
  struct queue *queue = people;
  (void)user;
  if (!entry || queue->count < queue->room)
    return QK_OK;
  size_t room = queue->room == 0 ? 8 : queue->room * 2;
  struct person *grown = realloc(queue->people, room * sizeof(*grown));
  if (!grown)
    return QK_ENOMEM;
  queue->people = grown;
  queue->room = room;
  return QK_OK;
}

static int people_add(void *people, const qk_name *user, const qk_entry *entry)
{
  struct queue *queue = people;
  struct person *person = &queue->people[queue->count++];
  person->entry = *entry;
  memcpy(person->user, user->text, user->len);
  person->entry.user_len = user->len;
  return QK_OK;
}

/* was tells an indexed store which of its rows to move (class, state, time); here nothing is indexed. */
static int people_update(void *people, const qk_entry *was, const qk_entry *entry)
{
  struct queue *queue = people;
  queue->people[place_of(queue, was)].entry = *entry;
  return QK_OK;
}

static int people_remove(void *people, const qk_entry *entry)
{
  struct queue *queue = people;
  size_t place = place_of(queue, entry);
  queue->count--;
  memmove(&queue->people[place], &queue->people[place + 1], (queue->count - place) * sizeof(*queue->people));
  return QK_OK;
}

static int waits(const struct person *person, uint32_t cls)
{
  return person->entry.state == QK_WAITING && person->entry.cls == cls;
}

/* Only inside the class: the rules add the lower classes from the state. */
static int people_ahead(void *people, const qk_entry *entry, uint64_t *count)
{
  const struct queue *queue = people;
  size_t place = place_of(queue, entry);
  *count = 0;
  for (size_t i = 0; i < place; i++)
    *count += (uint64_t)waits(&queue->people[i], entry->cls);
  return QK_OK;
}

static int people_next(void *people, uint32_t cls, uint64_t after, qk_entry *out)
{
  const struct queue *queue = people;
  for (size_t i = 0; i < queue->count; i++)
    if (queue->people[i].entry.number > after && waits(&queue->people[i], cls))
      return give(queue, i, out);
  return 0;
}

/* The array is in the order of numbers, so "of equals the lowest number" is: the first one found stays. */
static int people_due(void *people, qk_entry *out)
{
  const struct queue *queue = people;
  int found = 0;
  for (size_t i = 0; i < queue->count; i++) {
    const qk_entry *entry = &queue->people[i].entry;
    if (entry->state != QK_WAITING && (!found || entry->time_ms < out->time_ms))
      found = give(queue, i, out);
  }
  return found;
}

/* from_ms: a change of policy may declare that everybody polled at that moment, and nobody rewrites all the
 * entries for that. So an older time counts as from_ms, but is given as it is stored. */
static int people_stalest(void *people, uint32_t cls, int64_t from_ms, int64_t until_ms, qk_entry *out)
{
  const struct queue *queue = people;
  int64_t oldest = until_ms;
  int found = 0;
  for (size_t i = 0; i < queue->count; i++) {
    int64_t polled = queue->people[i].entry.time_ms;
    if (polled < from_ms)
      polled = from_ms;
    if (!waits(&queue->people[i], cls) || polled > oldest || (found && polled == oldest))
      continue;
    oldest = polled;
    found = give(queue, i, out);
  }
  return found;
}

static const qk_people_ops people_ops = {
    .find = people_find,
    .reserve = people_reserve,
    .add = people_add,
    .update = people_update,
    .remove = people_remove,
    .ahead = people_ahead,
    .next = people_next,
    .due = people_due,
    .stalest = people_stalest,
};

/* ---- Queues -------------------------------------------------------------------------------------- */

static struct queue *find_queue_locked(const struct store *store, const qk_name *name)
{
  struct queue *queue = store->queues;
  while (queue && strcmp(queue->name, name->text) != 0)
    queue = queue->next;
  return queue;
}

/* A queue in no list yet: whoever makes one adds it or frees it. policy NULL = the host's default. */
static int create_queue(const struct store *store, const qk_name *name, const qk_policy *policy,
                        int64_t now_ms, struct queue **out)
{
  struct queue *queue = calloc(1, sizeof(*queue));
  if (!queue)
    return QK_ENOMEM;
  int code = qk_rules_create(store->host, &queue->state, policy, now_ms);
  queue->times = code == QK_OK ? qk_host_times(store->host, name) : NULL;
  if (code == QK_OK && !queue->times)
    code = QK_ENOMEM;
  if (code != QK_OK) {
    free(queue);
    return code;
  }
  memcpy(queue->name, name->text, name->len);
  *out = queue;
  return QK_OK;
}

/* host NULL: in a forked child, where its locks may be held for ever; the times are its own. */
static void free_queue(struct queue *queue, qk_host *host)
{
  if (host)
    qk_host_times_end(host, queue->times);
  free(queue->people);
  free(queue);
}

static void add_queue_locked(struct store *store, struct queue *queue)
{
  struct queue **link = &store->queues;
  while (*link)
    link = &(*link)->next;
  queue->serial = ++store->serial;
  *link = queue;
}

/* Every slot works between begin() and end(): in a database BEGIN and the state row, then COMMIT. A state of
 * NULL in the answer: there is no such queue. */
static qk_queue begin(struct store *store, const qk_name *name)
{
  pthread_mutex_lock(&store->lock);
  struct queue *queue = find_queue_locked(store, name);
  return (qk_queue){.state = queue ? &queue->state : NULL,
                    .ops = &people_ops,
                    .people = queue,
                    .host = store->host,
                    .name = name,
                    .times = queue ? queue->times : NULL};
}

static int end(struct store *store, int code)
{
  pthread_mutex_unlock(&store->lock);
  return code;
}

/* ---- The slots ----------------------------------------------------------------------------------- */

/* Owes: a store that is ready, or a code and an error text; then nothing that close() would have to free. */
static int naive_open(void **out, const qk_uri *uri, qk_host *host, qk_error *err)
{
  if (uri->host_count > 0 || uri->user || uri->path[0] != '\0')
    return qk_error_set(err, QK_EINVAL, "naive: takes no host, user or path");
  struct store *store = calloc(1, sizeof(*store));
  if (!store)
    return qk_error_set(err, QK_ENOMEM, "out of memory");
  if (pthread_mutex_init(&store->lock, NULL) != 0) {
    free(store);
    return qk_error_set(err, QK_ESTORE, "no mutex to be had");
  }
  store->host = host;
  *out = store;
  return QK_OK;
}

/* Owes: everything freed. In a forked child the lock may be held by a thread that is not there: leave it. */
static void naive_close(void *data, int forked)
{
  struct store *store = data;
  while (store->queues) {
    struct queue *queue = store->queues;
    store->queues = queue->next;
    free_queue(queue, forked ? NULL : store->host);
  }
  if (!forked)
    pthread_mutex_destroy(&store->lock);
  free(store);
}

/* A verb whose queue does not exist. Whether it may make one is again not ours to say; and a verb that is
 * refused after that leaves no queue behind. */
static void run_first_locked(struct store *store, qk_queue *hand, qk_work *work)
{
  struct queue *queue = NULL;
  if (qk_rules_may_create(store->host, work) != QK_OK)
    return;
  work->result = create_queue(store, &work->queue, NULL, work->now_ms, &queue);
  if (work->result != QK_OK)
    return;
  hand->state = &queue->state;
  hand->people = queue;
  hand->times = queue->times;
  if (qk_rules_run(hand, work) == QK_OK)
    add_queue_locked(store, queue);
  else
    free_queue(queue, store->host);
}

/* Owes: a result in every work, in array order per queue, each verb atomic by itself. A store may take many
 * verbs into one transaction, if a failing one undoes only itself. Nothing here waits, so that the deadline
 * is kept. */
static void naive_run(void *data, qk_work *works, size_t n, int64_t deadline_ms)
{
  (void)deadline_ms;
  for (size_t i = 0; i < n; i++) {
    qk_queue hand = begin(data, &works[i].queue);
    if (hand.state)
      qk_rules_run(&hand, &works[i]);
    else
      run_first_locked(data, &hand, &works[i]);
    end(data, QK_OK);
  }
}

/* Owes: one atomic step. The library calls again while slice->unfinished, and lets others in between. */
static int naive_tick_slice(void *data, const qk_name *name, qk_slice *slice, int64_t deadline_ms)
{
  (void)deadline_ms;
  qk_queue hand = begin(data, name);
  return end(data, hand.state ? qk_rules_slice(&hand, slice) : QK_ENOTFOUND);
}

/* The four reads owe one consistent picture each, and change nothing: not even the queue's time. */
static int naive_get_policy(void *data, const qk_name *name, qk_policy *out, int64_t deadline_ms)
{
  (void)deadline_ms;
  qk_queue hand = begin(data, name);
  if (hand.state)
    *out = hand.state->policy;
  return end(data, hand.state ? QK_OK : QK_ENOTFOUND);
}

static int naive_stats(void *data, const qk_name *name, int64_t now_ms, qk_stats *out, int64_t deadline_ms)
{
  (void)deadline_ms;
  qk_queue hand = begin(data, name);
  return end(data, hand.state ? qk_rules_stats(&hand, now_ms, out) : QK_ENOTFOUND);
}

static int naive_cursor(void *data, const qk_name *name, int64_t now_ms, qk_cursor *out, int64_t deadline_ms)
{
  (void)deadline_ms;
  qk_queue hand = begin(data, name);
  return end(data, hand.state ? qk_rules_cursor(&hand, now_ms, out) : QK_ENOTFOUND);
}

static int naive_list(void *data, const qk_name *name, int64_t now_ms, uint32_t cls, uint64_t after,
                      qk_ticket *out, size_t max, int64_t deadline_ms)
{
  (void)deadline_ms;
  qk_queue hand = begin(data, name);
  return end(data, hand.state ? qk_rules_list(&hand, now_ms, cls, after, out, max) : QK_ENOTFOUND);
}

/* Owes: the queue exists afterwards. One that this call makes takes policy with its mode; one that was there
 * keeps its mode, unless only the mode is to be set. */
static int naive_set_policy(void *data, const qk_name *name, const qk_policy *policy, uint32_t mode,
                            int64_t now_ms, int64_t deadline_ms)
{
  struct queue *queue = NULL;
  int code = QK_OK;
  (void)deadline_ms;
  qk_queue hand = begin(data, name);
  if (!hand.state) {
    code = create_queue(data, name, policy, now_ms, &queue);
    if (code == QK_OK)
      add_queue_locked(data, queue);
  } else if (policy) {
    qk_rules_set_policy(hand.state, policy, 0, now_ms);
  }
  if (code == QK_OK && !policy)
    qk_rules_set_mode(queue ? &queue->state : hand.state, mode, now_ms);
  return end(data, code);
}

/* Owes: the people gone with the queue. A later queue of the same name is another one, with another epoch. */
static int naive_remove(void *data, const qk_name *name, int64_t deadline_ms)
{
  struct store *store = data;
  (void)deadline_ms;
  qk_queue hand = begin(store, name);
  if (!hand.state)
    return end(store, QK_ENOTFOUND);
  struct queue **link = &store->queues;
  while (*link != hand.people)
    link = &(*link)->next;
  *link = (*link)->next;
  free_queue(hand.people, store->host);
  return end(store, QK_OK);
}

/* Owes: each queue once, although others come and go between two pages. So *position is no index: it is the
 * serial of the last queue given. */
static int naive_queues(void *data, uint64_t *position, char (*names)[QK_QUEUE_MAX + 1], size_t max,
                        int64_t deadline_ms)
{
  struct store *store = data;
  size_t count = 0;
  (void)deadline_ms;
  pthread_mutex_lock(&store->lock);
  const struct queue *queue = store->queues;
  while (queue && queue->serial <= *position)
    queue = queue->next;
  for (; queue && count < max; queue = queue->next) {
    memcpy(names[count++], queue->name, sizeof(queue->name));
    *position = queue->serial;
  }
  if (!queue)
    *position = 0;
  return end(store, (int)count);
}

/* No capability is claimed: ops that a host submits run inside its qk_reap, through naive_run. */
static const char *const schemes[] = {"naive", NULL};
static const qk_backend_ops ops = {
    .size = sizeof(ops),
    .name = "naive",
    .schemes = schemes,
    .open = naive_open,
    .close = naive_close,
    .run = naive_run,
    .tick_slice = naive_tick_slice,
    .get_policy = naive_get_policy,
    .stats = naive_stats,
    .cursor = naive_cursor,
    .list = naive_list,
    .set_policy = naive_set_policy,
    .remove = naive_remove,
    .queues = naive_queues,
};

int naive_register(void)
{
  return qk_backend_register(&ops);
}
