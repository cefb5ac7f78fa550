/* The memory backend (memory:): queues in the memory of this process; nothing outlives it.
 *
 * Locks: each queue has a mutex, held for one verb, one run of verbs on that queue in a batch, or one slice
 * of a tick; the table of queues (rooms.h) has one, held to create, remove or enumerate queues. Order: table,
 * queue, pool. No callback runs under them.
 *
 * Work per call, n = people in the queue: qk_enter O(1) amortised, qk_poll, qk_activate, qk_extend,
 * qk_release O(log n), a slice O(k log n) for k people; at 10,000,000 people the logarithms are three pages
 * of 64. No call moves more than one index segment (1,024 entries), its directory, and 48 people. */
#ifndef QKM_MEMORY_H
#define QKM_MEMORY_H

#include <qk_backend.h>

extern const qk_backend_ops qkm_backend;

/* Walk every queue of an open memory store and check all invariants: NULL, or what is broken. For tests. */
const char *qkm_check(void *store);

#endif
