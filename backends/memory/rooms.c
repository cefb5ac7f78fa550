#include "rooms.h"

#include <stdlib.h>
#include <string.h>

#define DIRECTORY_MIN 16

struct qkm_directory {
  struct qkm_directory *outgrown; /* the one before, which readers may still walk */
  size_t mask, used;              /* places taken, by rooms that are found there or not any more */
  _Atomic(struct qkm_room *) place[];
};

static struct qkm_directory *create_directory(size_t places)
{
  struct qkm_directory *directory =
      calloc(1, sizeof *directory + places * sizeof(_Atomic(struct qkm_room *)));
  if (directory)
    directory->mask = places - 1;
  return directory;
}

int qkm_rooms_init(struct qkm_rooms *rooms, struct qkm_pool *pool, qk_host *host)
{
  memset(rooms, 0, sizeof *rooms);
  rooms->pool = pool;
  rooms->host = host;
  struct qkm_directory *directory = create_directory(DIRECTORY_MIN);
  if (!directory)
    return QK_ENOMEM;
  atomic_init(&rooms->directory, directory);
  if (pthread_mutex_init(&rooms->lock, NULL) == 0)
    return QK_OK;
  free(directory);
  return QK_ENOMEM;
}

/* In a child of fork() the times stay with the host, whose locks may be held for ever. */
static void destroy_room(const struct qkm_rooms *rooms, struct qkm_room *room, int forked)
{
  qkm_people_drop(&room->people);
  if (!forked) {
    qk_host_times_end(rooms->host, room->times);
    pthread_mutex_destroy(&room->lock);
  }
  free(room);
}

void qkm_rooms_finish(struct qkm_rooms *rooms, int forked)
{
  for (uint32_t i = 0; i < rooms->count; i++)
    destroy_room(rooms, rooms->list[i], forked);
  free(rooms->list);
  struct qkm_directory *directory = atomic_load(&rooms->directory);
  while (directory) {
    struct qkm_directory *outgrown = directory->outgrown;
    free(directory);
    directory = outgrown;
  }
  if (!forked)
    pthread_mutex_destroy(&rooms->lock);
}

/* ---- Finding ---- */

/* Lock the room if it is the queue's. */
static int take(struct qkm_room *room, const qk_name *name)
{
  pthread_mutex_lock(&room->lock);
  if (room->alive && room->name_len == name->len && !memcmp(room->name, name->text, name->len))
    return 1;
  pthread_mutex_unlock(&room->lock);
  return 0;
}

static struct qkm_room *find(struct qkm_rooms *rooms, const qk_name *name)
{
  struct qkm_directory *directory = atomic_load_explicit(&rooms->directory, memory_order_acquire);
  for (size_t at = name->hash & directory->mask;; at = (at + 1) & directory->mask) {
    struct qkm_room *room = atomic_load_explicit(&directory->place[at], memory_order_acquire);
    if (!room)
      return NULL;
    if (atomic_load_explicit(&room->hash, memory_order_relaxed) == name->hash && take(room, name))
      return room;
  }
}

struct qkm_room *qkm_rooms_hold(struct qkm_rooms *rooms, const qk_name *name)
{
  struct qkm_room *room = find(rooms, name);
  if (room)
    return room;
  pthread_mutex_lock(&rooms->lock);
  room = find(rooms, name);
  pthread_mutex_unlock(&rooms->lock);
  return room;
}

void qkm_room_let_go(struct qkm_room *room)
{
  pthread_mutex_unlock(&room->lock);
}

/* ---- The directory ---- */

static void enlist(struct qkm_directory *directory, struct qkm_room *room)
{
  size_t at = atomic_load_explicit(&room->hash, memory_order_relaxed) & directory->mask;
  while (atomic_load_explicit(&directory->place[at], memory_order_relaxed))
    at = (at + 1) & directory->mask;
  atomic_store_explicit(&directory->place[at], room, memory_order_release);
  directory->used++;
}

/* A room is alive only with the table's lock or its own; the table's is held. */
static void enlist_all(const struct qkm_rooms *rooms, struct qkm_directory *directory)
{
  for (uint32_t i = 0; i < rooms->count; i++)
    if (rooms->list[i]->alive)
      enlist(directory, rooms->list[i]);
}

static size_t count_alive(const struct qkm_rooms *rooms)
{
  size_t n = 0;
  for (uint32_t i = 0; i < rooms->count; i++)
    n += rooms->list[i]->alive != 0;
  return n;
}

/* Make room for one more: drop what is dead, or grow. Readers that miss something meanwhile ask again under
 * the lock. */
static int reserve_place(struct qkm_rooms *rooms)
{
  struct qkm_directory *directory = atomic_load(&rooms->directory);
  size_t places = directory->mask + 1;
  if ((directory->used + 1) * 2 <= places)
    return QK_OK;
  if ((count_alive(rooms) + 1) * 4 <= places) {
    for (size_t i = 0; i < places; i++)
      atomic_store_explicit(&directory->place[i], NULL, memory_order_relaxed);
    directory->used = 0;
    enlist_all(rooms, directory);
    return QK_OK;
  }
  struct qkm_directory *larger = create_directory(places * 2);
  if (!larger)
    return QK_ENOMEM;
  larger->outgrown = directory;
  enlist_all(rooms, larger);
  atomic_store_explicit(&rooms->directory, larger, memory_order_release);
  return QK_OK;
}

/* ---- Creating ---- */

static int reserve_slot(struct qkm_rooms *rooms)
{
  if (rooms->count < rooms->room_for)
    return QK_OK;
  uint32_t room_for = rooms->room_for ? rooms->room_for * 2 : 8;
  struct qkm_room **list = realloc(rooms->list, room_for * sizeof *list);
  if (!list)
    return QK_ENOMEM;
  rooms->list = list;
  rooms->room_for = room_for;
  return QK_OK;
}

/* Make sure that there is a free room. */
static int reserve_room(struct qkm_rooms *rooms)
{
  if (rooms->free)
    return QK_OK;
  if (reserve_slot(rooms) != QK_OK)
    return QK_ENOMEM;
  struct qkm_room *room = calloc(1, sizeof *room);
  if (!room)
    return QK_ENOMEM;
  if (pthread_mutex_init(&room->lock, NULL) != 0) {
    free(room);
    return QK_ENOMEM;
  }
  qkm_people_init(&room->people, rooms->pool);
  room->slot = rooms->count;
  rooms->list[rooms->count++] = room;
  rooms->free = room;
  return QK_OK;
}

static int begin_locked(struct qkm_rooms *rooms, const qk_name *name, const qk_queue_state *state,
                        struct qkm_room **out)
{
  struct qkm_room *room = find(rooms, name);
  if (room) {
    qkm_room_let_go(room);
    return QK_EAGAIN;
  }
  if (reserve_place(rooms) != QK_OK || reserve_room(rooms) != QK_OK)
    return QK_ENOMEM;
  qk_times *times = qk_host_times(rooms->host, name);
  if (!times)
    return QK_ENOMEM;
  room = rooms->free;
  rooms->free = room->next_free;
  room->next_free = NULL;
  pthread_mutex_lock(&room->lock);
  room->state = *state;
  room->name_len = name->len;
  memcpy(room->name, name->text, name->len);
  room->name[name->len] = '\0';
  room->times = times;
  atomic_store_explicit(&room->hash, name->hash, memory_order_relaxed);
  *out = room;
  return QK_OK;
}

int qkm_rooms_begin(struct qkm_rooms *rooms, const qk_name *name, const qk_queue_state *state,
                    struct qkm_room **out)
{
  pthread_mutex_lock(&rooms->lock);
  int code = begin_locked(rooms, name, state, out);
  if (code != QK_OK)
    pthread_mutex_unlock(&rooms->lock);
  return code;
}

void qkm_rooms_publish(struct qkm_rooms *rooms, struct qkm_room *room)
{
  room->alive = 1;
  enlist(atomic_load(&rooms->directory), room);
  pthread_mutex_unlock(&room->lock);
  pthread_mutex_unlock(&rooms->lock);
}

static void give_back(struct qkm_rooms *rooms, struct qkm_room *room)
{
  room->next_free = rooms->free;
  rooms->free = room;
}

/* Nobody else uses the room: it is not alive and not free. */
static void empty(struct qkm_rooms *rooms, struct qkm_room *room)
{
  qkm_people_finish(&room->people);
  qkm_people_init(&room->people, rooms->pool);
  qk_host_times_end(rooms->host, room->times);
  room->times = NULL;
}

void qkm_rooms_abandon(struct qkm_rooms *rooms, struct qkm_room *room)
{
  empty(rooms, room);
  pthread_mutex_unlock(&room->lock);
  give_back(rooms, room);
  pthread_mutex_unlock(&rooms->lock);
}

/* ---- Removing and listing ---- */

int qkm_rooms_remove(struct qkm_rooms *rooms, const qk_name *name)
{
  pthread_mutex_lock(&rooms->lock);
  struct qkm_room *room = find(rooms, name);
  if (room) {
    room->alive = 0;
    qkm_room_let_go(room);
  }
  pthread_mutex_unlock(&rooms->lock);
  if (!room)
    return QK_ENOTFOUND;
  empty(rooms, room);
  pthread_mutex_lock(&rooms->lock);
  give_back(rooms, room);
  pthread_mutex_unlock(&rooms->lock);
  return QK_OK;
}

int qkm_rooms_names(struct qkm_rooms *rooms, uint64_t *position, char (*names)[QK_QUEUE_MAX + 1], size_t max)
{
  uint64_t slot = *position;
  int n = 0;
  pthread_mutex_lock(&rooms->lock);
  for (; slot < rooms->count && (size_t)n < max; slot++)
    if (rooms->list[slot]->alive)
      memcpy(names[n++], rooms->list[slot]->name, sizeof names[0]);
  *position = slot < rooms->count ? slot : 0;
  pthread_mutex_unlock(&rooms->lock);
  return n;
}
