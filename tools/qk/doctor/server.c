#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/qk/clock.h"
#include "tools/qk/say.h"

/* Settings that some check asks for. */
static const char *const wanted[] = {"appendonly",
                                     "appendfsync",
                                     "save",
                                     "stop-writes-on-bgsave-error",
                                     "maxmemory",
                                     "maxmemory-policy",
                                     "timeout",
                                     "tcp-keepalive",
                                     "maxclients",
                                     "protected-mode",
                                     "client-output-buffer-limit",
                                     "repl-backlog-size",
                                     "min-replicas-to-write",
                                     "cluster-node-timeout",
                                     "cluster-require-full-coverage"};

/* ---- Reading ---- */

static void put(json_t *object, const char *name, size_t name_len, const char *value, size_t len)
{
  char key[128];
  snprintf(key, sizeof key, "%.*s", (int)name_len, name);
  /* What is not UTF-8 nobody asks for. */
  json_object_set_new_nocheck(object, key, json_stringn_nocheck(value, len));
}

void read_lines(json_t *object, const char *text)
{
  while (*text != '\0') {
    size_t len = strcspn(text, "\r\n"), name = strcspn(text, ":\r\n");
    if (name < len && *text != '#')
      put(object, text, name, text + name + 1, len - name - 1);
    text += len + strspn(text + len, "\r\n");
  }
}

static void read_info(struct server *server)
{
  redisReply *reply = link_ask(&server->link, "INFO");
  if (reply != NULL && reply->str != NULL) {
    read_lines(server->info, reply->str);
    server->sees_info = 1;
  }
  freeReplyObject(reply);
}

static void read_settings(struct server *server)
{
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    redisReply *reply = link_ask(&server->link, "CONFIG GET %s", wanted[i]);
    if (reply == NULL)
      return;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
      put(server->settings, wanted[i], strlen(wanted[i]), reply->element[1]->str, reply->element[1]->len);
    freeReplyObject(reply);
    server->sees_settings = 1;
  }
}

static void read_clock(struct server *server)
{
  int64_t before_ms = clock_unix_ms();
  redisReply *reply = link_ask(&server->link, "TIME");
  int64_t after_ms = clock_unix_ms();
  if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
      reply->element[0]->str != NULL && reply->element[1]->str != NULL) {
    int64_t at_ms =
        strtoll(reply->element[0]->str, NULL, 10) * 1000 + strtoll(reply->element[1]->str, NULL, 10) / 1000;
    server->ahead_ms = at_ms - (before_ms + after_ms) / 2;
    server->has_clock = 1;
  }
  freeReplyObject(reply);
}

/* ---- What hinders ---- */

static const char *advice_for(const char *trouble)
{
  if (strstr(trouble, "WRONGPASS") != NULL || strstr(trouble, "invalid password") != NULL ||
      strstr(trouble, "AUTH") != NULL)
    return "Mend user and password in the URI; special characters are percent-encoded.";
  if (strstr(trouble, "protected mode") != NULL)
    return "Set a password, or bind the server to a private address.";
  if (strstr(trouble, "DB index") != NULL)
    return "Name a database that the server has.";
  return "Start the server, or mend the address in the URI.";
}

static void find_trouble(const struct server *server, struct findings *findings)
{
  /* Its first line: protected mode answers with a whole page. */
  const char *trouble = server->link.trouble;
  found(findings, FAIL, "reach", NULL, advice_for(trouble), "%s: %.*s", server->name,
        (int)strcspn(trouble, "\r\n."), trouble);
}

static void find_hidden(const struct server *server, struct findings *findings)
{
  if (!server->sees_info)
    found(findings, NOTE, "sight", server->name, "Allow +info, or ask as another user.",
          "cannot see INFO, which this user may not read: version, memory, eviction, disk and replicas are "
          "unknown");
  if (!server->sees_settings)
    found(findings, NOTE, "sight", server->name, "Allow +config|get, or ask as another user.",
          "cannot see CONFIG, which this user may not read: some settings are unknown");
}

int server_init(struct server *server, const struct target *target, const struct address *address,
                struct findings *findings)
{
  *server = (struct server){.info = json_object(), .settings = json_object()};
  if (server->info == NULL || server->settings == NULL)
    say_no_memory();
  address_show(address, server->name, sizeof server->name);
  int failed = link_open(&server->link, target, address);
  redisReply *reply = failed ? NULL : link_ask(&server->link, "PING");
  /* Who may not PING may do the rest. */
  failed = failed || (reply == NULL && strncmp(server->link.trouble, "NOPERM", 6) != 0);
  freeReplyObject(reply);
  if (failed) {
    find_trouble(server, findings);
    server_finish(server);
    return -1;
  }
  read_info(server);
  read_settings(server);
  read_clock(server);
  find_hidden(server, findings);
  return 0;
}

void server_finish(struct server *server)
{
  link_close(&server->link);
  json_decref(server->info);
  json_decref(server->settings);
  server->info = server->settings = NULL;
}

/* ---- Looking up ---- */

static int64_t number_of(const char *text)
{
  char *end = NULL;
  int64_t number = text != NULL && *text != '\0' ? strtoll(text, &end, 10) : -1;
  return end != NULL && *end == '\0' ? number : -1;
}

const char *server_info(const struct server *server, const char *name)
{
  return json_string_value(json_object_get(server->info, name));
}

const char *server_setting(const struct server *server, const char *name)
{
  return json_string_value(json_object_get(server->settings, name));
}

int64_t server_info_number(const struct server *server, const char *name)
{
  return number_of(server_info(server, name));
}

int64_t server_setting_number(const struct server *server, const char *name)
{
  return number_of(server_setting(server, name));
}

/* ---- Several ---- */

static void server_check(struct server *server, const struct target *target, struct findings *findings)
{
  check_version(server, findings);
  check_speed(server, findings);
  check_clock(server, findings);
  check_memory(server, target, findings);
  check_disk(server, findings);
  check_replicas(server, target, findings);
  check_clients(server, target, findings);
}

void servers_add(struct servers *servers, const struct target *target, const struct address *address,
                 struct findings *findings)
{
  if (servers->count == servers->room) {
    size_t room = 2 * servers->room + 4;
    struct server *list = realloc(servers->list, room * sizeof *list);
    if (list == NULL)
      say_no_memory();
    servers->list = list;
    servers->room = room;
  }
  if (server_init(&servers->list[servers->count], target, address, findings) == 0)
    servers->count++;
}

/* All in one line. */
static void find_reached(const struct servers *servers, struct findings *findings)
{
  char text[256] = "";
  size_t len = 0;
  for (size_t i = 0; i < servers->count && len < sizeof text; i++)
    len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? ", " : "", servers->list[i].name);
  if (servers->count > 0)
    found(findings, FINE, "reach", NULL, "", "%s%s %s", text, len >= sizeof text ? "..." : "",
          servers->count == 1 ? "answers" : "answer");
}

void servers_check(struct servers *servers, const struct target *target, struct findings *findings)
{
  findings->nodes = servers->count;
  find_reached(servers, findings);
  for (size_t i = 0; i < servers->count; i++)
    server_check(&servers->list[i], target, findings);
  check_clocks(servers, findings);
}

void servers_finish(struct servers *servers)
{
  for (size_t i = 0; i < servers->count; i++)
    server_finish(&servers->list[i]);
  free(servers->list);
}
