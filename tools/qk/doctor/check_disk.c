/* What survives a restart. */
#include <string.h>

#include "server.h"

static int is(const char *text, const char *value)
{
  return text != NULL && strcmp(text, value) == 0;
}

static void check_log(const struct server *server, struct findings *findings)
{
  const char *sync = server_setting(server, "appendfsync");
  if (is(server_info(server, "aof_last_write_status"), "err"))
    found(findings, FAIL, "disk", server->name, "Free or mend the disk.",
          "the append-only file cannot be written; calls that write are refused");
  else if (is(sync, "no"))
    found(findings, WARN, "disk", server->name, "CONFIG SET appendfsync everysec.",
          "append-only file with appendfsync no: a power cut may lose half a minute");
  else if (is(sync, "always"))
    found(
        findings, NOTE, "disk", server->name, "appendfsync everysec is faster.",
        "append-only file with appendfsync always: nothing is lost, and each round trip waits for the disk");
  else
    found(findings, FINE, "disk", server->name, "", "append-only file%s%s: a power cut may lose a second",
          sync != NULL ? ", appendfsync " : "", sync != NULL ? sync : "");
}

static void check_no_log(const struct server *server, struct findings *findings)
{
  const char *save = server_setting(server, "save");
  if (save == NULL)
    found(findings, WARN, "disk", server->name, "CONFIG SET appendonly yes, and write it into redis.conf.",
          "no append-only file: a restart goes back to the last snapshot, if there is one");
  else if (*save == '\0')
    found(findings, WARN, "disk", server->name, "CONFIG SET appendonly yes, and write it into redis.conf.",
          "no append-only file and no snapshots: a restart forgets everybody");
  else
    found(findings, WARN, "disk", server->name, "CONFIG SET appendonly yes, and write it into redis.conf.",
          "no append-only file: a restart goes back to the last snapshot (save %s)", save);
}

static void check_snapshot(const struct server *server, struct findings *findings)
{
  if (!is(server_info(server, "rdb_last_bgsave_status"), "err"))
    return;
  int stops = is(server_setting(server, "stop-writes-on-bgsave-error"), "yes");
  found(findings, stops ? FAIL : WARN, "snapshot", server->name,
        "Free the disk or memory, then BGSAVE; the server's log says why it failed.",
        stops ? "the last one failed, and the server refuses all calls that write" : "the last one failed");
}

void check_disk(const struct server *server, struct findings *findings)
{
  const char *on = server_info(server, "aof_enabled");
  if (is(server_info(server, "loading"), "1"))
    found(findings, FAIL, "disk", server->name, "Wait.", "the server is loading its data");
  if (on != NULL && strcmp(on, "1") == 0)
    check_log(server, findings);
  else if (on != NULL)
    check_no_log(server, findings);
  check_snapshot(server, findings);
}
