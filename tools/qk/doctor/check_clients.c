/* Who may come, how many, and what cuts them off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "tools/qk/text.h"

#define MANY_PERCENT 80
#define BUFFER_LEAST 16000000 /* what a host with a full window may have to come */

static void check_login(const struct server *server, const struct target *target, struct findings *findings)
{
  const char *mode = server_setting(server, "protected-mode");
  if (target->kind == UNIX || target->password != NULL || mode == NULL)
    return;
  if (strcmp(mode, "no") == 0)
    found(findings, WARN, "password", server->name, "Set one (ACL SETUSER), and keep the port private.",
          "none is asked for, and protected mode is off: whoever reaches the server can read names, make "
          "tokens and remove queues");
  else
    found(findings, NOTE, "password", server->name, "Set one before hosts elsewhere need the server.",
          "none is asked for; protected mode lets only this machine in");
}

static void check_count(const struct server *server, struct findings *findings)
{
  int64_t now = server_info_number(server, "connected_clients"),
          most = server_info_number(server, "maxclients");
  if (most < 0)
    most = server_setting_number(server, "maxclients");
  if (now < 0 || most <= 0)
    return;
  int is_tight = now * 100 > most * MANY_PERCENT;
  found(findings, is_tight ? WARN : FINE, "clients", server->name,
        is_tight ? "Raise maxclients: each open store takes one, in a cluster one for each master." : "",
        "%s of %s", text_count((uint64_t)now).s, text_count((uint64_t)most).s);
}

static void check_timeouts(const struct server *server, struct findings *findings)
{
  int64_t idle_s = server_setting_number(server, "timeout");
  if (idle_s > 0)
    found(findings, NOTE, "timeout", server->name, "",
          "connections that rest for %s are closed; hosts connect again by themselves",
          text_span(idle_s * 1000).s);
  if (server_setting_number(server, "tcp-keepalive") == 0)
    found(findings, NOTE, "keepalive", server->name, "CONFIG SET tcp-keepalive 300.",
          "tcp-keepalive is 0: connections of hosts that vanished are never closed");
}

/* "normal 0 0 0 slave 268435456 67108864 60 ...": the hard limit of a class; -1 if it is not there. */
static int64_t limit_of(const char *text, const char *class_name)
{
  const char *at = text != NULL ? strstr(text, class_name) : NULL;
  return at != NULL ? strtoll(at + strlen(class_name), NULL, 10) : -1;
}

static void check_buffers(const struct server *server, struct findings *findings)
{
  int64_t limit = limit_of(server_setting(server, "client-output-buffer-limit"), "normal ");
  if (limit > 0 && limit < BUFFER_LEAST)
    found(findings, WARN, "output buffer", server->name,
          "CONFIG SET client-output-buffer-limit 'normal 0 0 0'.",
          "%s for normal clients: busy hosts are cut off", text_bytes((uint64_t)limit).s);
}

void check_clients(const struct server *server, const struct target *target, struct findings *findings)
{
  check_login(server, target, findings);
  check_count(server, findings);
  check_timeouts(server, findings);
  check_buffers(server, findings);
}
