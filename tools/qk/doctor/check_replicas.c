/* Replicas, and what they are asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "tools/qk/text.h"

#define BACKLOG_LEAST 16000000 /* a second or two of a rush */

/* "slave0:ip=...,state=online,...": how many are in step. */
static unsigned count_online(const struct server *server)
{
  unsigned online = 0;
  char name[16];
  int64_t connected = server_info_number(server, "connected_slaves");
  for (int i = 0; i < connected; i++) {
    snprintf(name, sizeof name, "slave%d", i);
    const char *line = server_info(server, name);
    online += line != NULL && strstr(line, "state=online") != NULL;
  }
  return online;
}

static void check_count(const struct server *server, const struct target *target, unsigned online,
                        struct findings *findings)
{
  unsigned asked = target->replicas;
  int fails_over = target->kind == CLUSTER || target->kind == SENTINEL;
  if (asked == 0 && online == 0 && fails_over)
    found(findings, WARN, "replicas", server->name, "Add one.",
          "none: if the master fails, its queues stand still until it is back");
  else if (asked == 0 && online == 0)
    found(findings, NOTE, "replicas", server->name, "", "none: if its disk is lost, everything is");
  else if (asked == 0)
    found(findings, FINE, "replicas", server->name, "",
          "%u in step; a failover may cost the last 1 to 3 seconds unless the URI says replicas=1", online);
  else if (online < asked)
    found(findings, FAIL, "replicas", server->name, "Start the missing replicas, or ask for fewer.",
          "%u in step, and replicas=%u asks for more: calls that write are refused", online, asked);
  else if (online == asked)
    found(findings, WARN, "replicas", server->name, "Add one.",
          "%u in step, just what replicas=%u asks for: after a failover one is missing", online, asked);
  else
    found(findings, FINE, "replicas", server->name, "", "%u in step, for replicas=%u", online, asked);
}

static void check_least(const struct server *server, const struct target *target, unsigned online,
                        struct findings *findings)
{
  int64_t least = server_setting_number(server, "min-replicas-to-write");
  int64_t good = server_info_number(server, "min_slaves_good_slaves");
  if (good < 0)
    good = online;
  if (least > 0 && good < least)
    found(findings, FAIL, "min-replicas", server->name, "Start replicas, or lower min-replicas-to-write.",
          "%d in step, and min-replicas-to-write is %d: calls that write are refused", (int)good, (int)least);
  else if (least > 0)
    found(findings, FINE, "min-replicas", server->name, "", "min-replicas-to-write %d, %d in step",
          (int)least, (int)good);
  else if (least == 0 && target->kind == SENTINEL)
    found(findings, WARN, "min-replicas", server->name,
          "CONFIG SET min-replicas-to-write 1, and write it into redis.conf.",
          "min-replicas-to-write is 0: an isolated old master takes people in, and forgets them later");
}

static void check_backlog(const struct server *server, unsigned online, struct findings *findings)
{
  int64_t size = server_setting_number(server, "repl-backlog-size");
  if (online > 0 && size >= 0 && size < BACKLOG_LEAST)
    found(findings, NOTE, "backlog", server->name, "CONFIG SET repl-backlog-size 64mb.",
          "%s: in a rush a replica that is away for a moment needs a full copy",
          text_bytes((uint64_t)size).s);
}

void check_replicas(const struct server *server, const struct target *target, struct findings *findings)
{
  const char *role = server_info(server, "role");
  if (role == NULL)
    return;
  if (strcmp(role, "master") != 0) {
    const char *host = server_info(server, "master_host"), *port = server_info(server, "master_port");
    found(findings, FAIL, "role", server->name, "Name the master in the URI, or use redis+sentinel:.",
          "a replica, of %s:%s; queues need the master", host != NULL ? host : "?",
          port != NULL ? port : "?");
    return;
  }
  unsigned online = count_online(server);
  check_count(server, target, online, findings);
  check_least(server, target, online, findings);
  check_backlog(server, online, findings);
}
