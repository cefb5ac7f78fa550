/* qk_open and qk_close. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "error.h"
#include "limits.h"
#include "names.h"
#include "store.h"
#include "uri.h"

#define SECRET 32

/* ---- What the URI says about the store itself ---- */

static int take_u32(struct qki_uri *uri, const char *name, uint32_t min, uint32_t max, uint32_t *value,
                    qk_error *err)
{
  uint64_t wide;
  int got = qki_uri_take(uri, name, min, max, &wide, err);
  if (got == 1)
    *value = (uint32_t)wide;
  return got < 0 ? got : QK_OK;
}

static int take_settings(struct qki_uri *uri, const qk_backend_ops *ops, qk_options *options,
                         uint32_t *window, qk_error *err)
{
  int code = take_u32(uri, "timeout_ms", 1, QKI_TIMEOUT_MAX, &options->timeout_ms, err);
  if (code == QK_OK)
    code = take_u32(uri, "cursor_ms", 0, QKI_CURSOR_MAX, &options->cursor_ms, err);
  if (code == QK_OK)
    code = take_u32(uri, "window", 1, QKI_WINDOW_MAX, window, err);
  return code == QK_OK ? qki_uri_check_rest(uri, ops->settings, err) : code;
}

static int find_backend(const struct qki_uri *uri, const qk_backend_ops **ops, qk_error *err)
{
  *ops = qk_backend_find(uri->uri.scheme);
  if (*ops)
    return QK_OK;
  char schemes[128];
  qki_backend_schemes(schemes, sizeof schemes);
  return qk_error_set(err, QK_EINVAL, "URI: unknown scheme '%.40s'; known are %s", uri->uri.scheme, schemes);
}

/* ---- Secrets ---- */

/* The keys, with secret first where the host gave no key. */
static int make_keys(qk_store *store, const unsigned char secret[SECRET])
{
  const qk_options *options = &store->host.options;
  struct qki_keys *keys = calloc(1, sizeof *keys);
  if (!keys)
    return QK_ENOMEM;
  if (options->key)
    qki_keys_add(keys, options->key, options->key_len);
  else
    qki_keys_add(keys, secret, SECRET);
  if (options->key2)
    qki_keys_add(keys, options->key2, options->key2_len);
  atomic_store(&store->keys, keys);
  return QK_OK;
}

static int take_secret(qk_store *store, qk_error *err)
{
  unsigned char secret[SECRET];
  int code = QK_OK;
  store->draws_secret = store->host.options.key == NULL;
  if (store->draws_secret)
    code = store->ops->secret ? store->ops->secret(store->backend, secret, qki_store_deadline(store), err)
                              : qk_host_random(&store->host, secret, sizeof secret);
  if (code == QK_OK)
    code = make_keys(store, secret);
  sodium_memzero(secret, sizeof secret);
  return code;
}

/* The set before stays until the store is closed: it changes once in the life of a server, and other threads
 * may be reading it. */
void qk_host_secret(qk_host *host, const unsigned char secret[SECRET])
{
  qk_store *store = (qk_store *)host;
  struct qki_keys *older = atomic_load(&store->keys), *keys;
  if (!older || !store->draws_secret || qki_keys_sign_with(older, secret, SECRET))
    return;
  keys = malloc(sizeof *keys);
  if (!keys)
    return; /* the next connection tries again */
  *keys = (struct qki_keys){.older = older};
  qki_keys_add(keys, secret, SECRET);
  memcpy(&keys->key[1], older->key, 2 * sizeof *keys->key);
  keys->count = older->count < 2 ? 2 : 3;
  atomic_store(&store->keys, keys);
}

static void forget_keys(qk_store *store)
{
  struct qki_keys *keys = atomic_load(&store->keys);
  while (keys) {
    struct qki_keys *older = keys->older;
    qki_keys_forget(keys);
    free(keys);
    keys = older;
  }
}

/* Nothing of the caller's is kept. */
static void drop_secrets(qk_options *options)
{
  options->key = options->key2 = NULL;
  options->key_len = options->key2_len = 0;
  options->policy = NULL;
}

/* ---- Opening ---- */

static atomic_uint stores; /* opened so far */

static void take_options(qk_store *store, const qk_options *options)
{
  store->host.options = *options;
  if (options->policy)
    store->host.policy = *options->policy;
  else
    qk_policy_init(&store->host.policy);
}

/* The end of a step of opening: a failure that was not explained gets the text of its code. */
static int explain(int code, qk_error *err)
{
  if (code != QK_OK && err && err->code == QK_OK)
    qk_error_set(err, code, "%s", qk_strerror(code));
  return code;
}

static int open_backend(qk_store *store, const struct qki_uri *uri, qk_error *err)
{
  int code = qk_host_random(&store->host, store->hash_key, sizeof store->hash_key);
  if (code != QK_OK)
    return qk_error_set(err, code, "random: the callback failed");
  return explain(store->ops->open(&store->backend, &uri->uri, &store->host, err), err);
}

/* The parts that need the open backend. */
static int connect_parts(qk_store *store, qk_error *err)
{
  int fd = store->ops->fd ? store->ops->fd(store->backend) : -1;
  int code = qki_engine_watch(store, fd);
  if (code == QK_OK)
    code = take_secret(store, err);
  return explain(code, err);
}

static int init_parts(qk_store *store, uint32_t window, qk_error *err)
{
  int code = qki_fork_guard_init(&store->guard);
  if (code != QK_OK)
    goto fail;
  code = qki_events_init(&store->host.events);
  if (code != QK_OK)
    goto fail_guard;
  code = qki_rotation_init(&store->rotation);
  if (code != QK_OK)
    goto fail_events;
  code = qki_drive_init(&store->drive);
  if (code != QK_OK)
    goto fail_rotation;
  code = qki_knowns_init(&store->knowns);
  if (code != QK_OK)
    goto fail_drive;
  code = qki_errands_init(&store->errands);
  if (code != QK_OK)
    goto fail_knowns;
  code = qki_engine_init(&store->engine, window);
  if (code == QK_OK)
    return QK_OK;
  qki_errands_finish(&store->errands, 0);
fail_knowns:
  qki_knowns_finish(&store->knowns, 0);
fail_drive:
  qki_drive_finish(&store->drive, 0);
fail_rotation:
  qki_rotation_finish(&store->rotation);
fail_events:
  qki_events_finish(&store->host.events);
fail_guard:
  qki_fork_guard_finish(&store->guard);
fail:
  return qk_error_set(err, code, "%s", qk_strerror(code));
}

static void finish_parts(qk_store *store, int forked)
{
  qki_engine_finish(store, forked);
  qki_errands_finish(&store->errands, forked);
  qki_knowns_finish(&store->knowns, forked);
  qki_drive_finish(&store->drive, forked);
  qki_rotation_finish(&store->rotation);
  qki_events_finish(&store->host.events);
  qki_fork_guard_finish(&store->guard);
  forget_keys(store);
}

/* With options and URI checked. */
static int open_store(qk_store **out, const qk_backend_ops *ops, const struct qki_uri *uri,
                      const qk_options *options, uint32_t window, qk_error *err)
{
  qk_store *store = calloc(1, sizeof *store);
  if (!store)
    return qk_error_set(err, QK_ENOMEM, "%s", qk_strerror(QK_ENOMEM));
  store->ops = ops;
  store->instance = atomic_fetch_add(&stores, 1) + 1;
  take_options(store, options);
  int code = init_parts(store, window, err);
  if (code != QK_OK)
    goto fail;
  code = open_backend(store, uri, err);
  if (code != QK_OK)
    goto fail_parts;
  code = connect_parts(store, err);
  if (code != QK_OK)
    goto fail_backend;
  drop_secrets(&store->host.options);
  *out = store;
  return QK_OK;
fail_backend:
  ops->close(store->backend, 0);
fail_parts:
  qki_events_deliver(&store->host);
  finish_parts(store, 0);
fail:
  free(store);
  return code;
}

int qk_open(qk_store **out, const char *text, const qk_options *options, qk_error *err)
{
  qk_options own;
  const qk_backend_ops *ops;
  uint32_t window = QKI_WINDOW_DEFAULT;
  qki_error_clear(err);
  if (!out)
    return qk_error_set(err, QK_EINVAL, "out: is NULL");
  *out = NULL;
  qk_options_init(&own);
  int code = options ? qki_options_check(options, err) : QK_OK;
  if (code != QK_OK)
    return code;
  if (options)
    own = *options;
  if (sodium_init() < 0)
    return qk_error_set(err, QK_ESTORE, "libsodium cannot start");
  struct qki_uri *uri = malloc(sizeof *uri);
  if (!uri)
    return qk_error_set(err, QK_ENOMEM, "%s", qk_strerror(QK_ENOMEM));
  code = qki_uri_parse(uri, text ? text : "memory:", err);
  if (code == QK_OK)
    code = find_backend(uri, &ops, err);
  if (code == QK_OK)
    code = take_settings(uri, ops, &own, &window, err);
  if (code == QK_OK)
    code = open_store(out, ops, uri, &own, window, err);
  sodium_memzero(uri, sizeof *uri); /* it may hold a password */
  free(uri);
  return code;
}

void qk_close(qk_store *store)
{
  if (!store)
    return;
  int forked = qki_forked(&store->guard);
  store->ops->close(store->backend, forked);
  finish_parts(store, forked);
  free(store);
}
