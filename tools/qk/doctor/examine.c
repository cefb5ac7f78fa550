#include "examine.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "server.h"
#include "tools/qk/say.h"
#include "tools/qk/store.h"

#define TIMEOUT_MS 3000

/* What the library itself says: opening tries every command that it needs, on keys of no queue. */
static int check_store(const struct args *args, struct findings *findings)
{
  qk_options options;
  qk_error error;
  struct store store;
  int status = store_options(&store, args, &options);
  if (status != STATUS_OK)
    return status;
  int code = qk_open(&store.handle, args->uri, &options, &error);
  qk_close(store.handle);
  if (code == QK_EINVAL)
    return say_error(code, "%s", error.text);
  if (code == QK_OK)
    found(findings, FINE, "rights", NULL, "", "the library may run all that it needs");
  else
    found(findings, FAIL, "store", NULL, "libqueue_redis(7) says what is needed.",
          "the library cannot open it: %s", error.text);
  return STATUS_OK;
}

static void examine_servers(struct servers *servers, const struct target *target, struct findings *findings)
{
  if (target->kind == CLUSTER) {
    examine_cluster(servers, target, findings);
  } else if (target->kind == SENTINEL) {
    examine_sentinels(servers, target, findings);
  } else {
    servers_add(servers, target, &target->addresses[0], findings);
    servers_check(servers, target, findings);
  }
}

int examine(const struct args *args, struct findings *findings, size_t *reached)
{
  static struct target target;
  struct servers servers = {0};
  /* A server that goes away in the middle of a question is a finding. */
  signal(SIGPIPE, SIG_IGN);
  if (target_parse(&target, args->uri) != 0) {
    int status = check_store(args, findings);
    return status != STATUS_OK ? status : say_error(QK_EINVAL, "URI: not understood");
  }
  target.timeout_ms = args->timeout_ms > 0 ? (int64_t)args->timeout_ms : TIMEOUT_MS;
  examine_servers(&servers, &target, findings);
  *reached = servers.count;
  servers_finish(&servers);
  int status = *reached > 0 ? check_store(args, findings) : STATUS_OK;
  memset(&target, 0, sizeof target);
  return status;
}
