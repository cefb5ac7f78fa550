/* What INFO says of a server. */
#ifndef QKR_INFO_H
#define QKR_INFO_H

#include <stddef.h>
#include <stdint.h>

struct qkr_info {
  uint64_t run;                       /* run_id: its first 52 bits; 0 = unknown */
  uint32_t version;                   /* redis_version: 0x060200 = 6.2.0; 0 = unknown */
  int is_cluster, is_replica, evicts; /* evicts: an allkeys-* policy */
  int32_t replicas;                   /* connected and in step; -1 = unknown */
};

/* Read the text of INFO, or of one section: what is missing stays as it is in *info. */
void qkr_info_read(struct qkr_info *info, const char *text, size_t len);

#endif
