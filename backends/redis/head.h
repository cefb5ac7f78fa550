/* What every script about a queue is told, and what every answer begins with. */
#ifndef QKR_HEAD_H
#define QKR_HEAD_H

#include "redis.h"

#define QKR_HEAD_VALUES 14

/* A walk through an answer. Reading past the end or another type leaves bad = 1 and gives 0. */
struct qkr_walk {
  const struct qkr_value *at, *end;
  int bad;
};

int64_t qkr_walk_integer(struct qkr_walk *walk);
/* A whole number from 0 on. */
uint64_t qkr_walk_number(struct qkr_walk *walk);
/* A string; *len is its length. NULL if it is none. */
const char *qkr_walk_string(struct qkr_walk *walk, size_t *len);

/* A queue at the time of a call, before the call's first change. */
struct qkr_head {
  int64_t now_ms;    /* the store's clock */
  qk_pace pace;      /* but for waiting: not every answer says */
  uint64_t last;     /* number issued last */
  uint64_t after;    /* the same after the call */
  uint64_t admitted; /* after the call */
  int pending;       /* 1: grants wait for confirmation */
};

/* Add the header, the last argument. now_ms: the store's clock as the work or slot has it. */
void qkr_add_header(struct qkr_command *command, const struct qkr_store *store, const struct qkr_lane *lane,
                    const struct qkr_request *request, const struct qkr_server *server, int64_t now_ms);
/* Draw the epoch of a queue that is about to be created: QK_OK or QK_ESTORE. */
int qkr_draw_epoch(struct qkr_store *store, uint64_t *epoch);
/* Add the argument that lets a script create its queue. */
void qkr_add_creation(struct qkr_command *command, uint64_t epoch, const qk_policy *policy);

/* Read whether a script did it: QK_OK, and walk behind that; QK_EAGAIN if nothing was done and it must be
 * sent again; or the code of the call, its reason logged. */
int qkr_status_read(struct qkr_store *store, const struct qkr_lane *lane, const struct qkr_request *request,
                    const struct qkr_reply *reply, struct qkr_walk *walk);
/* The same, and then the queue: *head is filled. Notes what was seen of it, and logs what an operator should
 * know. */
int qkr_head_read(struct qkr_store *store, struct qkr_lane *lane, const struct qkr_request *request,
                  const struct qkr_reply *reply, struct qkr_walk *walk, struct qkr_head *head);
/* Read how many wait, by class. */
void qkr_walk_waiting(struct qkr_walk *walk, uint64_t waiting[QK_CLASSES]);
/* "cls * 2^49 + number" of the scripts. */
#define QKR_PLACE_MAX (UINT64_C(8) << 49)
static inline uint32_t qkr_place_class(uint64_t place)
{
  return (uint32_t)(place >> 49);
}

static inline uint64_t qkr_place_number(uint64_t place)
{
  return place & QK_NUMBER_MAX;
}

/* Read a place. */
uint64_t qkr_walk_place(struct qkr_walk *walk);
/* Queue an event about somebody, if anybody listens. */
void qkr_emit(struct qkr_store *store, const struct qkr_lane *lane, const struct qkr_head *head, int32_t type,
              const char *user, size_t len, uint64_t place);

#endif
