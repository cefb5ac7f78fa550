#include "redis.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STORES 16 /* whose data a second handle can be asked for */

static const char *scheme;
static struct server *server;   /* one of the two */
static struct cluster *cluster; /* is NULL */

/* ---- Addresses ------------------------------------------------------------------------------------- */

/* The keys of a store: no two stores of any process have the same. */
struct keys {
  qk_store *store;
  char prefix[48];
};

static struct keys known[STORES];
static unsigned opened;

static void draw_prefix(char *out, size_t size)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  snprintf(out, size, "%lx.%lx%lx.%x:", (long)getpid(), (long)now.tv_sec, now.tv_nsec, opened);
}

static qk_store *open_with(const char *prefix, const qk_options *options)
{
  char rest[128], uri[512];
  qk_store *store;
  qk_error error;
  snprintf(rest, sizeof rest, "?prefix=%s%s", prefix, options->clock ? "&clock=host" : "");
  if (server) {
    snprintf(uri, sizeof uri, "%sredis+unix://%s%s", scheme, server->socket, rest);
  } else {
    size_t len = (size_t)snprintf(uri, sizeof uri, "%s", scheme);
    cluster_uri(cluster, rest, uri + len, sizeof uri - len);
  }
  int code = qk_open(&store, uri, options, &error);
  if (code != QK_OK)
    fprintf(stderr, "%s: %d: %s\n", uri, code, error.text);
  return code == QK_OK ? store : NULL;
}

static struct keys *find_keys(const qk_store *store)
{
  for (size_t i = 0; i < STORES; i++)
    if (known[i].store == store)
      return &known[i];
  servers_give_up(NULL, "a second handle on an unknown store");
}

/* What earlier tests left is in nobody's way, but takes memory. */
static void drop_old_data(void)
{
  if (server)
    server_must(server, "FLUSHALL");
  for (int i = 0; cluster && i < CLUSTER_MASTERS; i++)
    server_must(cluster->nodes[i], "FLUSHALL");
}

/* ---- The fixtures ---------------------------------------------------------------------------------- */

static qk_store *open_redis(const qk_options *options)
{
  struct keys *keys = &known[opened % STORES];
  if (opened++ == 0) /* in this test */
    drop_old_data();
  draw_prefix(keys->prefix, sizeof keys->prefix);
  keys->store = open_with(keys->prefix, options);
  return keys->store;
}

static qk_store *second_redis(qk_store *store, const qk_options *options)
{
  return open_with(find_keys(store)->prefix, options);
}

static struct fixture made = {.open = open_redis, .second = second_redis};

static const struct fixture *make_fixture(const char *before, const char *kind)
{
  static char name[64];
  scheme = before;
  snprintf(name, sizeof name, "%s%s", before, kind);
  made.name = name;
  return &made;
}

const struct fixture *redis_start_server(const char *before)
{
  server = server_start(NULL);
  return make_fixture(before, "redis");
}

const struct fixture *redis_start_cluster(const char *before)
{
  cluster = cluster_start(NULL);
  return make_fixture(before, "redis+cluster");
}

void redis_stop(void)
{
  server_stop(server);
  cluster_stop(cluster);
  server = NULL;
  cluster = NULL;
}
