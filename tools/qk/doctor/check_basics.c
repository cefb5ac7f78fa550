/* Version, speed, clock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "tools/qk/text.h"

#define TRIES 9
#define SLOW_US 20000
#define CLOCK_NOTE_MS 1000 /* beyond what NTP leaves */
#define CLOCK_APART_MS 500 /* masters of one store */

/* ---- Version ---- */

void check_version(const struct server *server, struct findings *findings)
{
  const char *version = server_info(server, "redis_version"), *valkey = server_info(server, "valkey_version");
  int major = 0, minor = 0;
  if (version == NULL)
    return;
  char *end;
  major = (int)strtol(version, &end, 10);
  minor = *end == '.' ? (int)strtol(end + 1, NULL, 10) : 0;
  if (major > 6 || (major == 6 && minor >= 2))
    found(findings, FINE, "version", server->name, "", "%s %s", valkey != NULL ? "Valkey" : "Redis",
          valkey != NULL ? valkey : version);
  else
    found(findings, FAIL, "version", server->name, "Update the server.",
          "Redis %s, and 6.2 or later is needed", version);
}

/* ---- Speed ---- */

static int compare(const void *a, const void *b)
{
  int64_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

/* The median of some tries, us; -1 if there is none. */
static int64_t measure(struct server *server, const char *command)
{
  int64_t times[TRIES];
  for (int i = 0; i < TRIES; i++)
    if ((times[i] = link_time(&server->link, command)) < 0)
      return -1;
  qsort(times, TRIES, sizeof *times, compare);
  return times[TRIES / 2];
}

/* Bounds rather than figures: what is as fast on ten servers is one line. */
static void check_one(struct server *server, struct findings *findings, const char *what, const char *command,
                      const char *advice)
{
  static const int64_t bounds_us[] = {100, 200, 500, 1000, 2000, 5000, 10000, SLOW_US};
  int64_t median_us = measure(server, command);
  size_t i = 0;
  if (median_us < 0)
    return;
  while (i < sizeof bounds_us / sizeof bounds_us[0] && median_us >= bounds_us[i])
    i++;
  if (i < sizeof bounds_us / sizeof bounds_us[0])
    found(findings, FINE, what, server->name, "", "takes less than %g ms", (double)bounds_us[i] / 1000);
  else
    found(findings, WARN, what, server->name, advice, "takes %.1f ms, and each call of a host waits for it",
          (double)median_us / 1000);
}

void check_speed(struct server *server, struct findings *findings)
{
  check_one(server, findings, "round trip", "PING", "Bring hosts and server closer together.");
  check_one(server, findings, "script call", "EVAL return(1) 0",
            "Look for slow commands of others (SLOWLOG GET), for swapping, and for a busy machine.");
}

/* ---- Clock ---- */

void check_clock(const struct server *server, struct findings *findings)
{
  int64_t apart_ms = server->ahead_ms < 0 ? -server->ahead_ms : server->ahead_ms;
  if (!server->has_clock)
    return;
  if (apart_ms > CLOCK_NOTE_MS)
    found(findings, NOTE, "clock", server->name, "Have both follow NTP.",
          "%s %s this machine's; queues follow the server's", text_span(apart_ms).s,
          server->ahead_ms > 0 ? "ahead of" : "behind");
  else
    found(findings, FINE, "clock", server->name, "", "agrees with this machine's to a second");
}

void check_clocks(const struct servers *servers, struct findings *findings)
{
  int64_t first = 0, last = 0;
  if (servers->count < 2)
    return;
  for (size_t i = 0; i < servers->count; i++) {
    int64_t ahead_ms = servers->list[i].ahead_ms;
    if (!servers->list[i].has_clock)
      return;
    first = i == 0 || ahead_ms < first ? ahead_ms : first;
    last = i == 0 || ahead_ms > last ? ahead_ms : last;
  }
  if (last - first > CLOCK_APART_MS)
    found(findings, WARN, "clocks", NULL, "Have all servers follow NTP.",
          "the masters' are up to %s apart; deadlines jump when a queue moves", text_span(last - first).s);
  else
    found(findings, FINE, "clocks", NULL, "", "the masters' agree to half a second");
}
