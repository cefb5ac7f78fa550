/* The blocking slots: questions about one queue, and the store's secret. */
#ifndef QKR_QUERIES_H
#define QKR_QUERIES_H

#include "redis.h"

int qkr_set_policy(void *store, const qk_name *queue, const qk_policy *policy, uint32_t mode, int64_t now_ms,
                   int64_t deadline_ms);
int qkr_list(void *store, const qk_name *queue, int64_t now_ms, uint32_t cls, uint64_t after, qk_ticket *out,
             size_t max, int64_t deadline_ms);
int qkr_remove(void *store, const qk_name *queue, int64_t deadline_ms);
int qkr_secret(void *store, unsigned char out[32], int64_t deadline_ms, qk_error *err);
/* Called on each new connection: the secret may have been lost, or replaced. */
void qkr_secret_again(void *store);

#endif
