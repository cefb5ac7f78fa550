/* Requests in lists, and by the time at which something is due for them.
 *
 * A request is in one list at most, and in the schedule from qkr_wire_send() to its end. */
#ifndef QKR_SCHEDULE_H
#define QKR_SCHEDULE_H

#include "wire.h"

struct qkr_list {
  struct qkr_request *first, *last;
  size_t count;
};

void qkr_list_push(struct qkr_list *list, struct qkr_request *request);
void qkr_list_unshift(struct qkr_list *list, struct qkr_request *request);
/* Take a request out of the list that it is in, if any. */
void qkr_list_remove(struct qkr_request *request);

/* A binary heap. */
struct qkr_schedule {
  struct qkr_request **heap;
  size_t count, room;
};

void qkr_schedule_finish(struct qkr_schedule *schedule);
/* Add by request->due_us. QK_OK or QK_ENOMEM. */
int qkr_schedule_add(struct qkr_schedule *schedule, struct qkr_request *request);
void qkr_schedule_move(struct qkr_schedule *schedule, struct qkr_request *request, int64_t due_us);
void qkr_schedule_remove(struct qkr_schedule *schedule, struct qkr_request *request);
/* The request that is due first; NULL if there is none. */
struct qkr_request *qkr_schedule_first(const struct qkr_schedule *schedule);

#endif
