/* One server under examination: its connection, what it says of itself, and its clock. */
#ifndef QK_DOCTOR_SERVER_H
#define QK_DOCTOR_SERVER_H

#include <jansson.h>

#include "findings.h"
#include "link.h"

struct server {
  char name[300]; /* as findings have it */
  struct link link;
  json_t *info, *settings; /* names and values, as text; empty where it may not be seen */
  int sees_info, sees_settings;
  int has_clock;
  int64_t ahead_ms; /* of this machine's clock */
};

/* Connect, and read what there is to read; what hinders is found. 0, or -1 if it cannot be asked. */
int server_init(struct server *server, const struct target *target, const struct address *address,
                struct findings *findings);
void server_finish(struct server *server);

/* A line of INFO, or a setting: its text, NULL if it is not known. */
const char *server_info(const struct server *server, const char *name);
const char *server_setting(const struct server *server, const char *name);
/* The same as a number, -1 if it is none. */
int64_t server_info_number(const struct server *server, const char *name);
int64_t server_setting_number(const struct server *server, const char *name);

/* Add the lines "name:value" of text to an object. */
void read_lines(json_t *object, const char *text);

/* ---- Checks of one server ---- */

void check_version(const struct server *server, struct findings *findings);
void check_speed(struct server *server, struct findings *findings);
void check_clock(const struct server *server, struct findings *findings);
void check_memory(const struct server *server, const struct target *target, struct findings *findings);
void check_disk(const struct server *server, struct findings *findings);
void check_replicas(const struct server *server, const struct target *target, struct findings *findings);
void check_clients(const struct server *server, const struct target *target, struct findings *findings);

/* ---- Checks of several: each asks what it needs, and adds the masters that it finds ---- */

struct servers {
  struct server *list;
  size_t count, room;
};

void servers_add(struct servers *servers, const struct target *target, const struct address *address,
                 struct findings *findings);
void servers_finish(struct servers *servers);
/* All checks of each of them, and of all together. */
void servers_check(struct servers *servers, const struct target *target, struct findings *findings);
void check_clocks(const struct servers *servers, struct findings *findings);
void examine_cluster(struct servers *servers, const struct target *target, struct findings *findings);
void examine_sentinels(struct servers *servers, const struct target *target, struct findings *findings);

#endif
