/* What this backend needs of the system beyond POSIX. */
#ifndef QKM_SYSTEM_H
#define QKM_SYSTEM_H

#include <pthread.h>
#include <stddef.h>

/* Memory in whole pages, zero, not touched yet; NULL if there is none. */
void *qkm_map(size_t bytes);
void qkm_unmap(void *memory, size_t bytes);
/* Give the pages back but keep the addresses; they read as zero afterwards. */
void qkm_forget(void *memory, size_t bytes);

/* A read-write lock that lets writers in first: with readers first, a busy store could never create a queue.
 * QK_OK or QK_ENOMEM. */
int qkm_rwlock_init(pthread_rwlock_t *lock);

#endif
