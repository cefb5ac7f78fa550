/* What the URI of a store on Redis says, as far as the doctor needs it; libqueue_redis(7) has the whole. */
#ifndef QK_DOCTOR_TARGET_H
#define QK_DOCTOR_TARGET_H

#include <stddef.h>
#include <stdint.h>

enum kind { SINGLE, UNIX, SENTINEL, CLUSTER };

enum { ADDRESSES = 32 };

struct address {
  char host[256]; /* a name, an address without brackets, or a socket's path */
  int port;       /* 0: host is a path */
};

struct target {
  enum kind kind;
  struct address addresses[ADDRESSES]; /* the server; or the sentinels or nodes to begin with */
  size_t address_count;
  const char *user, *password; /* NULL if absent */
  const char *master;          /* SENTINEL: its name */
  unsigned database, replicas;
  int allow_eviction;
  int64_t timeout_ms; /* the caller's */
  char text[4097];    /* what the pointers point into */
};

/* 1 if the URI is of Redis. */
int target_is_redis(const char *uri);
/* 0, or -1 if the URI is not understood. */
int target_parse(struct target *target, const char *uri);
/* "host:port", "[v6]:port", or a path. */
void address_show(const struct address *address, char *out, size_t size);

#endif
