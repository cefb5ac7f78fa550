#include "memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "people.h"
#include "system.h"

#define EFFORT 1024 /* blocks of 64 people that the search for idle people may read in one slice */

/* One queue. */
struct room {
  pthread_mutex_t lock;
  qk_queue_state state;
  struct qkm_people people;
  char name[QK_QUEUE_MAX + 1];
  uint32_t name_len;
  uint64_t name_hash;
};

struct table {
  pthread_rwlock_t lock;
  struct qkm_index index; /* from a name's hash to slot + 1 */
  struct room **rooms;    /* by slot; NULL where a queue was removed */
  uint32_t slots, room_count;
};

struct store {
  qk_host *host;
  struct qkm_pool pool;
  struct table table;
};

/* ---- Rooms ---- */

static struct room *create_room(struct store *store, const qk_name *name)
{
  struct room *room = aligned_alloc(64, (sizeof *room + 63) / 64 * 64);
  if (!room)
    return NULL;
  memset(room, 0, sizeof *room);
  if (pthread_mutex_init(&room->lock, NULL) != 0) {
    free(room);
    return NULL;
  }
  qkm_people_init(&room->people, &store->pool);
  memcpy(room->name, name->text, name->len);
  room->name_len = name->len;
  room->name_hash = name->hash;
  return room;
}

static void destroy_room(struct room *room, int forked)
{
  if (!room)
    return;
  qkm_people_finish(&room->people);
  if (!forked)
    pthread_mutex_destroy(&room->lock);
  free(room);
}

static qk_queue view(const struct store *store, struct room *room, const qk_name *name)
{
  return (qk_queue){.state = &room->state,
                    .ops = &qkm_people_ops,
                    .people = &room->people,
                    .host = store->host,
                    .name = name};
}

/* ---- The table ---- */

static uint32_t short_hash(uint64_t hash)
{
  return (uint32_t)(hash >> 32);
}

static int is_named(const struct room *room, const qk_name *name)
{
  return room->name_hash == name->hash && room->name_len == name->len &&
         !memcmp(room->name, name->text, name->len);
}

static struct room *find_locked(const struct table *table, const qk_name *name)
{
  struct qkm_probe probe = qkm_probe_start(&table->index, short_hash(name->hash));
  for (uint32_t handle; (handle = qkm_probe_next(&probe)) != 0;)
    if (is_named(table->rooms[handle - 1], name))
      return table->rooms[handle - 1];
  return NULL;
}

/* Find a queue and hold it; NULL and nothing held if there is none. */
static struct room *hold(struct store *store, const qk_name *name)
{
  pthread_rwlock_rdlock(&store->table.lock);
  struct room *room = find_locked(&store->table, name);
  if (room)
    pthread_mutex_lock(&room->lock);
  else
    pthread_rwlock_unlock(&store->table.lock);
  return room;
}

static void let_go(struct store *store, struct room *room)
{
  pthread_mutex_unlock(&room->lock);
  pthread_rwlock_unlock(&store->table.lock);
}

static int reserve_slot_locked(struct table *table, uint64_t hash)
{
  if (table->room_count == table->slots) {
    uint32_t slots = table->slots ? table->slots * 2 : 8;
    struct room **rooms = realloc(table->rooms, slots * sizeof(struct room *));
    if (!rooms)
      return QK_ENOMEM;
    memset(rooms + table->slots, 0, (slots - table->slots) * sizeof(struct room *));
    table->rooms = rooms;
    table->slots = slots;
  }
  return qkm_index_reserve(&table->index, short_hash(hash));
}

static void publish_locked(struct table *table, struct room *room)
{
  uint32_t slot = table->room_count; /* where the first free one is unless queues were removed */
  if (table->rooms[slot])
    for (slot = 0; table->rooms[slot];)
      slot++;
  table->rooms[slot] = room;
  table->room_count++;
  qkm_index_insert(&table->index, short_hash(room->name_hash), slot + 1);
}

/* ---- Creating: a queue is published only when what creates it has succeeded ---- */

static int create_locked(struct store *store, const qk_name *name, const qk_queue_state *state, qk_work *work)
{
  int code = reserve_slot_locked(&store->table, name->hash);
  if (code != QK_OK)
    return code;
  struct room *room = create_room(store, name);
  if (!room)
    return QK_ENOMEM;
  room->state = *state;
  qk_queue queue = view(store, room, name);
  if (work)
    code = qk_rules_run(&queue, work);
  if (code == QK_OK)
    publish_locked(&store->table, room);
  else
    destroy_room(room, 0);
  return code;
}

/* Create a queue by a verb, or without one by its policy and mode. QK_OK, a code, or QK_EAGAIN if somebody
 * else was faster. The random source may be the host's: it is asked before any lock is taken. */
static int create(struct store *store, const qk_name *name, const qk_policy *policy, const uint32_t *mode,
                  int64_t now_ms, qk_work *work)
{
  qk_queue_state state;
  int code = qk_rules_create(store->host, &state, policy, now_ms);
  if (code != QK_OK)
    return code;
  if (mode)
    state.policy.mode = *mode;
  pthread_rwlock_wrlock(&store->table.lock);
  code = find_locked(&store->table, name) ? QK_EAGAIN : create_locked(store, name, &state, work);
  pthread_rwlock_unlock(&store->table.lock);
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
    struct room *room = hold(store, &works[i].queue);
    if (!room) {
      i += (size_t)run_on_nothing(store, &works[i]);
      continue;
    }
    size_t end = i + 1;
    while (end < n && same_queue(&works[i], &works[end]))
      end++;
    if (end - i > 1)
      qkm_people_prefetch(&room->people, works + i, end - i);
    qk_queue queue = view(store, room, &works[i].queue);
    for (; i < end; i++)
      qk_rules_run(&queue, &works[i]);
    let_go(store, room);
  }
}

static int tick_slice(void *self, const qk_name *name, qk_slice *slice, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  struct room *room = hold(store, name);
  if (!room)
    return QK_ENOTFOUND;
  qk_queue queue = view(store, room, name);
  room->people.effort = EFFORT;
  int code = qk_rules_slice(&queue, slice);
  qkm_people_trim(&room->people);
  let_go(store, room);
  return code;
}

/* ---- Policies ---- */

static void change_policy(struct room *room, const qk_policy *policy, uint32_t mode, int64_t now_ms)
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
    struct room *room = hold(store, name);
    if (room) {
      change_policy(room, policy, mode, now_ms);
      let_go(store, room);
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
  struct room *room = hold(store, name);
  if (!room)
    return QK_ENOTFOUND;
  *out = room->state.policy;
  let_go(store, room);
  return QK_OK;
}

static int remove_queue(void *self, const qk_name *name, int64_t deadline_ms)
{
  struct store *store = self;
  struct table *table = &store->table;
  (void)deadline_ms;
  pthread_rwlock_wrlock(&table->lock);
  struct room *room = find_locked(table, name);
  uint32_t slot = 0;
  while (room && table->rooms[slot] != room)
    slot++;
  if (room) {
    table->rooms[slot] = NULL;
    table->room_count--;
    qkm_index_remove(&table->index, short_hash(name->hash), slot + 1);
  }
  pthread_rwlock_unlock(&table->lock);
  destroy_room(room, 0);
  return room ? QK_OK : QK_ENOTFOUND;
}

/* ---- Views ---- */

static int stats(void *self, const qk_name *name, int64_t now_ms, qk_stats *out, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  struct room *room = hold(store, name);
  if (!room)
    return QK_ENOTFOUND;
  qk_queue queue = view(store, room, name);
  int code = qk_rules_stats(&queue, now_ms, out);
  let_go(store, room);
  return code;
}

static int cursor(void *self, const qk_name *name, int64_t now_ms, qk_cursor *out, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  struct room *room = hold(store, name);
  if (!room)
    return QK_ENOTFOUND;
  qk_queue queue = view(store, room, name);
  int code = qk_rules_cursor(&queue, now_ms, out);
  let_go(store, room);
  return code;
}

static int list(void *self, const qk_name *name, int64_t now_ms, uint32_t cls, uint64_t after, qk_ticket *out,
                size_t max, int64_t deadline_ms)
{
  struct store *store = self;
  (void)deadline_ms;
  struct room *room = hold(store, name);
  if (!room)
    return QK_ENOTFOUND;
  qk_queue queue = view(store, room, name);
  int n = qk_rules_list(&queue, now_ms, cls, after, out, max);
  let_go(store, room);
  return n;
}

static int queues(void *self, uint64_t *position, char (*names)[QK_QUEUE_MAX + 1], size_t max,
                  int64_t deadline_ms)
{
  struct store *store = self;
  struct table *table = &store->table;
  uint64_t slot = *position;
  int n = 0;
  (void)deadline_ms;
  pthread_rwlock_rdlock(&table->lock);
  for (; slot < table->slots && (size_t)n < max; slot++)
    if (table->rooms[slot])
      memcpy(names[n++], table->rooms[slot]->name, sizeof names[0]);
  *position = slot < table->slots ? slot : 0;
  pthread_rwlock_unlock(&table->lock);
  return n;
}

/* ---- Opening ---- */

static int init_table(struct table *table)
{
  qkm_index_init(&table->index);
  return qkm_rwlock_init(&table->lock);
}

static int check_uri(const qk_uri *uri, qk_error *err)
{
  if (uri->host_count > 0 || uri->user)
    return qk_error_set(err, QK_EINVAL, "URI: memory: takes no host");
  if (*uri->path)
    return qk_error_set(err, QK_EINVAL,
                        "URI: memory: takes no path '%.60s'; a store on disk does not exist yet", uri->path);
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
  code = init_table(&store->table);
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
  for (uint32_t slot = 0; slot < store->table.slots; slot++)
    destroy_room(store->table.rooms[slot], forked);
  free(store->table.rooms);
  qkm_index_finish(&store->table.index);
  qkm_pool_finish(&store->pool, forked);
  if (!forked)
    pthread_rwlock_destroy(&store->table.lock);
  free(store);
}

const char *qkm_check(void *self)
{
  struct store *store = self;
  const char *broken = NULL;
  pthread_rwlock_rdlock(&store->table.lock);
  for (uint32_t slot = 0; slot < store->table.slots && !broken; slot++) {
    struct room *room = store->table.rooms[slot];
    if (!room)
      continue;
    pthread_mutex_lock(&room->lock);
    broken = qkm_people_check(&room->people, &room->state);
    pthread_mutex_unlock(&room->lock);
  }
  pthread_rwlock_unlock(&store->table.lock);
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
