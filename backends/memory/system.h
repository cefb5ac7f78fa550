/* What this backend needs of the system beyond POSIX. */
#ifndef QKM_SYSTEM_H
#define QKM_SYSTEM_H

#include <stddef.h>

/* Memory in whole pages, zero, not touched yet; NULL if there is none. */
void *qkm_map(size_t bytes);
void qkm_unmap(void *memory, size_t bytes);
/* Give the pages back but keep the addresses; they read as zero afterwards. */
void qkm_forget(void *memory, size_t bytes);

#endif
