#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "rooms.h"

#define EFFORT 1024 /* blocks of 64 people that the search for idle people may read in one slice */

struct store {
  qk_host *host;
  struct qkm_pool pool;
  struct qkm_rooms rooms;
};

static struct qkm_room *hold(struct store *store, const qk_name *name)
{
  return qkm_rooms_hold(&store->rooms, name);
}

static qk_queue view(const struct store *store, struct qkm_room *room, const qk_name *name)
{
  return (qk_queue){.state = &room->state,
                    .ops = &qkm_people_ops,
                    .people = &room->people,
                    .host = store->host,
                    .name = name,
                    .times = room->times};
}

/* Create a queue by a verb, or without one by its policy and mode; it is published only if the verb succeeds.
 * QK_OK, a code, or QK_EAGAIN if somebody else was faster. The random source may be the host's: it is asked
 * before any lock is taken. */
static int create(struct store *store, const qk_name *name, const qk_policy *policy, const uint32_t *mode,
                  int64_t now_ms, qk_work *work)
{
  qk_queue_state state;
  struct qkm_room *room;
  int code = qk_rules_create(store->host, &state, policy, now_ms);
  if (code != QK_OK)
    return code;
  if (mode)
    state.policy.mode = *mode;
  code = qkm_rooms_begin(&store->rooms, name, &state, &room);
  if (code != QK_OK)
    return code;
  qk_queue queue = view(store, room, name);
  if (work)
    code = qk_rules_run(&queue, work);
  if (code == QK_OK)
    qkm_rooms_publish(&store->rooms, room);
  else
    qkm_rooms_abandon(&store->rooms, room);
  return code;
}

/* ---- Verbs ---- */

static int same_queue(const qk_work *a, const qk_work *b)
{
  return a->queue.hash == b->queue.hash && a->queue.len == b->queue.len &&
         !memcmp(a->queue.text, b->queue.text, a->queue.len);
}

/* A verb on a queue that does not exist. 1 if it is done, 0 if the queue has come into being meanwhile. */
static int run_on_nothing(struct store *store, qk_work *work)
{
  if (qk_rules_may_create(store->host, work) != QK_OK)
    return 1;
  work->result = create(store, &work->queue, NULL, NULL, work->now_ms, work);
  return work->result != QK_EAGAIN;
}

static void run(void *self, qk_work *works, size_t n, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  for (size_t i = 0; i < n;) {
    struct qkm_room *room = hold(store, &works[i].queue);
    if (!room) {
      i += (size_t)run_on_nothing(store, &works[i]);
      continue;
    }
    size_t end = i + 1;
    while (end < n && same_queue(&works[i], &works[end]))
      end++;
    qkm_people_prefetch(&room->people, works + i, end - i);
    qk_queue queue = view(store, room, &works[i].queue);
    for (; i < end; i++)
      qk_rules_run(&queue, &works[i]);
    qkm_room_let_go(room);
  }
}

static int tick_slice(void *self, const qk_name *name, qk_slice *slice, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  struct qkm_room *room = hold(store, name);
  if (!room)
    return QK_ENOTFOUND;
  qk_queue queue = view(store, room, name);
  room->people.effort = EFFORT;
  int code = qk_rules_slice(&queue, slice);
  qkm_people_trim(&room->people);
  qkm_room_let_go(room);
  return code;
}

/* ---- Policies ---- */

static void change_policy(struct qkm_room *room, const qk_policy *policy, uint32_t mode, int64_t now_ms)
{
  if (policy)
    qk_rules_set_policy(&room->state, policy, 0, now_ms);
  else
    qk_rules_set_mode(&room->state, mode, now_ms);
}

static int set_policy(void *self, const qk_name *name, const qk_policy *policy, uint32_t mode, int64_t now_ms,
                      int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  for (;;) {
    struct qkm_room *room = hold(store, name);
    if (room) {
      change_policy(room, policy, mode, now_ms);
      qkm_room_let_go(room);
      return QK_OK;
    }
    int code = create(store, name, policy, &mode, now_ms, NULL);
    if (code != QK_EAGAIN)
      return code;
  }
}

static int get_policy(void *self, const qk_name *name, qk_policy *out, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  struct qkm_room *room = hold(store, name);
  if (!room)
    return QK_ENOTFOUND;
  *out = room->state.policy;
  qkm_room_let_go(room);
  return QK_OK;
}

static int remove_queue(void *self, const qk_name *name, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  return qkm_rooms_remove(&store->rooms, name);
}

/* ---- Views ---- */

static int stats(void *self, const qk_name *name, int64_t now_ms, qk_stats *out, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  struct qkm_room *room = hold(store, name);
  if (!room)
    return QK_ENOTFOUND;
  qk_queue queue = view(store, room, name);
  int code = qk_rules_stats(&queue, now_ms, out);
  qkm_room_let_go(room);
  return code;
}

static int cursor(void *self, const qk_name *name, int64_t now_ms, qk_cursor *out, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  struct qkm_room *room = hold(store, name);
  if (!room)
    return QK_ENOTFOUND;
  qk_queue queue = view(store, room, name);
  int code = qk_rules_cursor(&queue, now_ms, out);
  qkm_room_let_go(room);
  return code;
}

static int list(void *self, const qk_name *name, int64_t now_ms, uint32_t cls, uint64_t after, qk_ticket *out,
                size_t max, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  struct qkm_room *room = hold(store, name);
  if (!room)
    return QK_ENOTFOUND;
  qk_queue queue = view(store, room, name);
  int n = qk_rules_list(&queue, now_ms, cls, after, out, max);
  qkm_room_let_go(room);
  return n;
}

static int queues(void *self, uint64_t *position, char (*names)[QK_QUEUE_MAX + 1], size_t max,
                  int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  return qkm_rooms_names(&store->rooms, position, names, max);
}

/* ---- Opening ---- */

static int check_uri(const qk_uri *uri, qk_error *err)
{
  if (uri->host_count > 0 || uri->user)
    return qk_error_set(err, QK_EINVAL, "URI: memory: takes no host");
  if (*uri->path)
    return qk_error_set(err, QK_EINVAL, "URI: memory: takes no path; a store on disk does not exist yet");
  return QK_OK;
}

static int open_store(void **out, const qk_uri *uri, qk_host *host, qk_error *err)
{
  int code = check_uri(uri, err);
  if (code != QK_OK)
    return code;
  struct store *store = calloc(1, sizeof *store);
  if (!store)
    return QK_ENOMEM;
  store->host = host;
  code = qkm_pool_init(&store->pool);
  if (code != QK_OK)
    goto fail;
  code = qkm_rooms_init(&store->rooms, &store->pool, host);
  if (code != QK_OK)
    goto fail_pool;
  *out = store;
  return QK_OK;
fail_pool:
  qkm_pool_finish(&store->pool, 0);
fail:
  free(store);
  return code;
}

static void close_store(void *self, int forked)
{
  struct store *store = self;
  qkm_rooms_finish(&store->rooms, forked);
  qkm_pool_finish(&store->pool, forked);
  free(store);
}

const char *qkm_check(void *self)
{
  struct store *store = self;
  const char *broken = NULL;
  pthread_mutex_lock(&store->rooms.lock);
  for (uint32_t i = 0; i < store->rooms.count && !broken; i++) {
    struct qkm_room *room = store->rooms.list[i];
    pthread_mutex_lock(&room->lock);
    broken = room->alive ? qkm_people_check(&room->people, &room->state) : NULL;
    pthread_mutex_unlock(&room->lock);
  }
  pthread_mutex_unlock(&store->rooms.lock);
  return broken;
}

static const char *const schemes[] = {"memory", NULL};

const qk_backend_ops qkm_backend = {.size = sizeof(qk_backend_ops),
                                    .caps = QK_CAP_INSTANT,
                                    .name = "memory",
                                    .schemes = schemes,
                                    .open = open_store,
                                    .close = close_store,
                                    .run = run,
                                    .tick_slice = tick_slice,
                                    .get_policy = get_policy,
                                    .stats = stats,
                                    .cursor = cursor,
                                    .list = list,
                                    .set_policy = set_policy,
                                    .remove = remove_queue,
                                    .queues = queues};
