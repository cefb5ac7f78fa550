/* Eviction, and room for more people. */
#include <string.h>

#include "server.h"
#include "tools/qk/text.h"

#define PERSON 240      /* bytes of somebody who waits and polls, as libqueue_redis(7) has it */
#define FULL_PERCENT 80 /* from here on it is time to act */

static void check_eviction(const struct server *server, const struct target *target,
                           struct findings *findings)
{
  const char *policy = server_info(server, "maxmemory_policy");
  policy = policy != NULL ? policy : server_setting(server, "maxmemory-policy");
  if (policy == NULL)
    return;
  if (strncmp(policy, "allkeys-", 8) == 0)
    found(findings, target->allow_eviction ? WARN : FAIL, "eviction", server->name,
          "CONFIG SET maxmemory-policy noeviction, and write it into redis.conf.",
          "%s deletes whole queues when memory is full%s", policy,
          target->allow_eviction ? ", and the URI allows it" : "");
  else if (strncmp(policy, "volatile-", 9) == 0)
    found(findings, NOTE, "eviction", server->name, "", "%s, which leaves queues alone", policy);
  else
    found(findings, FINE, "eviction", server->name, "", "%s", policy);
}

static void check_unbounded(const struct server *server, uint64_t used, struct findings *findings)
{
  int64_t total = server_info_number(server, "total_system_memory");
  if (total <= 0)
    return;
  /* A save copies pages: half is the most that is safe. */
  int is_tight = used > (uint64_t)total / 2;
  found(findings, is_tight ? WARN : NOTE, "memory", server->name,
        is_tight ? "Move to a machine with more, and set maxmemory."
                 : "Set maxmemory below what the machine has.",
        "%s in use of the machine's %s, and no maxmemory: when it is full the system ends the server",
        text_bytes(used).s, text_bytes((uint64_t)total).s);
}

/* Two figures that count: the rest changes from moment to moment. */
static uint64_t rounded(uint64_t n)
{
  uint64_t unit = 1;
  while (n / unit >= 100)
    unit *= 10;
  return n / unit * unit;
}

static void check_room(const struct server *server, struct findings *findings)
{
  int64_t used = server_info_number(server, "used_memory"), most = server_info_number(server, "maxmemory");
  if (used < 0 || most < 0)
    return;
  if (most == 0) {
    check_unbounded(server, (uint64_t)used, findings);
    return;
  }
  uint64_t room = most > used ? (uint64_t)(most - used) : 0;
  enum level level = room == 0 ? FAIL : (double)used * 100 > (double)most * FULL_PERCENT ? WARN : FINE;
  found(findings, level, "memory", server->name,
        level == FINE ? "" : "Raise maxmemory, or remove queues that are over.", "%s in use of %s; %s%s%s",
        text_bytes((uint64_t)used).s, text_bytes((uint64_t)most).s,
        room == 0 ? "new people are refused" : "room for about ",
        room == 0 ? "" : text_count(rounded(room / PERSON)).s, room == 0 ? "" : " people more");
}

void check_memory(const struct server *server, const struct target *target, struct findings *findings)
{
  check_eviction(server, target, findings);
  check_room(server, findings);
}
