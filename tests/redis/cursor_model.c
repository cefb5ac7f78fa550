/* The model test of the cursor on a Redis server that three hosts share. */
#include <stdio.h>
#include "fixture.h"
#include "servers.h"
#include "tests/cursor/model.h"

static struct server *server;
static unsigned walks; /* each has keys of its own */

static qk_store *open_host(const qk_options *options)
{
  char uri[256];
  qk_error error;
  qk_store *store;
  snprintf(uri, sizeof uri, "redis+unix://%s?prefix=%u:&clock=host", server->socket, walks);
  if (qk_open(&store, uri, options, &error) == QK_OK)
    return store;
  fprintf(stderr, "%s: %s\n", uri, error.text);
  return NULL;
}

static qk_store *open_first(const qk_options *options)
{
  walks++;
  server_must(server, "FLUSHALL");
  return open_host(options);
}

static qk_store *open_second(qk_store *store, const qk_options *options)
{
  (void)store;
  return open_host(options);
}

static const struct fixture hosts = {.name = "redis", .open = open_first, .second = open_second};

int main(int argc, char **argv)
{
  const struct cursor_model model = {.seed = 4711, .ops = 6000, .traces = 6, .hosts = 3};
  int status = servers_missing();
  if (status)
    return status;
  fixture = &hosts;
  server = server_start(NULL);
  status = cursor_model_main(argc, argv, &model);
  server_stop(server);
  return status;
}
