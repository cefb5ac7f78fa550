/* People for a host to show: they enter, poll by token, come or stay away, extend, leave. All of it in real
 * time, on libevent's loop, by qk_submit(); what qk_reap() hands back goes to crowd_answer(). */
#ifndef EXPORTER_CROWD_H
#define EXPORTER_CROWD_H

#include <event2/event.h>
#include <qk.h>

struct crowd;

/* Set the policies of the crowd's queues and let the people come, each to the queue that is theirs. NULL if
 * there is no memory, or the store does not take the policies; error says which. */
struct crowd *crowd_create(qk_store *, struct event_base *, qk_error *error);

/* After qk_close() only: until then the ops belong to the store. */
void crowd_destroy(struct crowd *);

/* Take back an op that is done; its data is not NULL. */
void crowd_answer(qk_op *);

#endif
