/* What a URI of the Redis backend says. */
#ifndef QKR_SETTINGS_H
#define QKR_SETTINGS_H

#include <qk_backend.h>

enum qkr_kind { QKR_SINGLE, QKR_UNIX, QKR_SENTINEL, QKR_CLUSTER };

struct qkr_address {
  char host[256]; /* a name, an address without brackets, or a socket's path */
  uint16_t port;  /* 0: host is a path */
};

#define QKR_ADDRESSES 32

struct qkr_settings {
  enum qkr_kind kind;
  struct qkr_address addresses[QKR_ADDRESSES]; /* the server; or the sentinels or nodes to begin with */
  size_t address_count;
  char *user, *password; /* NULL if absent */
  char *master;          /* QKR_SENTINEL: the master's name */
  char *prefix;          /* of every key; holds no brace */
  uint32_t database;
  uint32_t replicas;  /* an answer waits for so many */
  int allow_eviction; /* an allkeys-* policy is accepted */
  int host_clock;     /* clock=host: the host's clock rules */
  uint32_t timeout_ms;
};

/* Names in the query that are ours; NULL-terminated. */
extern const char *const qkr_setting_names[];

/* QK_OK, QK_EINVAL or QK_ENOMEM with a sentence in err. On success finish it. */
int qkr_settings_init(struct qkr_settings *settings, const qk_uri *uri, const qk_host *host, qk_error *err);
/* Wipes the password. */
void qkr_settings_finish(struct qkr_settings *settings);

#endif
