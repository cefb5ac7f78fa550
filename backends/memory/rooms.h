/* The table of a store's queues. Finding one takes no lock but the queue's own.
 *
 * The directory is an open-addressed hash table of pointers that readers walk while writers change it.
 * Whatever a reader finds it checks again under the room's lock; what it does not find it looks up once more
 * under the table's lock. For that rooms and outgrown directories are freed only with the store; a removed
 * queue's room is used again for the next queue.
 *
 * Locks: the table's (to create, remove and enumerate), then a room's, then the pool's. */
#ifndef QKM_ROOMS_H
#define QKM_ROOMS_H

#include <pthread.h>
#include <stdatomic.h>

#include <qk_backend.h>

#include "people.h"

/* One queue, or none while alive is 0. */
struct qkm_room {
  pthread_mutex_t lock; /* of all below but slot, next_free and hash */
  int alive;
  uint32_t name_len;
  char name[QK_QUEUE_MAX + 1];
  qk_queue_state state;
  struct qkm_people people;
  qk_times *times;
  _Atomic uint64_t hash; /* of the name; only a hint */
  uint32_t slot;         /* in the table's list; never changes */
  struct qkm_room *next_free;
};

struct qkm_directory;

struct qkm_rooms {
  pthread_mutex_t lock; /* of all below */
  struct qkm_pool *pool;
  qk_host *host;
  _Atomic(struct qkm_directory *) directory;
  struct qkm_room **list; /* by slot */
  uint32_t count, room_for;
  struct qkm_room *free;
};

/* QK_OK or QK_ENOMEM. */
int qkm_rooms_init(struct qkm_rooms *rooms, struct qkm_pool *pool, qk_host *host);
/* The pool ends next. */
void qkm_rooms_finish(struct qkm_rooms *rooms, int forked);

/* Find a queue and lock its room; NULL if there is none. */
struct qkm_room *qkm_rooms_hold(struct qkm_rooms *rooms, const qk_name *name);
void qkm_room_let_go(struct qkm_room *room);

/* Prepare a new queue in state: its room, locked, that nobody can find yet; the table stays locked. QK_OK and
 * *out, QK_EAGAIN if the queue exists, or QK_ENOMEM. It ends with one of the two calls below. */
int qkm_rooms_begin(struct qkm_rooms *rooms, const qk_name *name, const qk_queue_state *state,
                    struct qkm_room **out);
void qkm_rooms_publish(struct qkm_rooms *rooms, struct qkm_room *room);
void qkm_rooms_abandon(struct qkm_rooms *rooms, struct qkm_room *room);

/* End a queue and free its people, with no lock held while it frees. QK_OK or QK_ENOTFOUND. */
int qkm_rooms_remove(struct qkm_rooms *rooms, const qk_name *name);
/* The names of a page of queues, as qk_backend_ops.queues. */
int qkm_rooms_names(struct qkm_rooms *rooms, uint64_t *position, char (*names)[QK_QUEUE_MAX + 1], size_t max);

#endif
