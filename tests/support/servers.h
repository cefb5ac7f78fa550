/* Real Redis (or Valkey) servers for tests: alone or with replicas; clusters.h and sentinels.h build on this.
 * Each listens on 127.0.0.1 and on a socket in a folder of its own, and ends with the process that started
 * it, however that ends.
 *
 * What goes wrong here ends the process with a message and the end of the server's log: in a test that is a
 * failed test. Only the process that started a server may kill, restart or stop it; its children may talk to
 * it. Any thread, one at a time for each server. */
#ifndef TESTS_SERVERS_H
#define TESTS_SERVERS_H

#include <stdint.h>
#include <hiredis/hiredis.h>
#include <sys/types.h>

struct server {
  char folder[100], socket[108];
  uint16_t port;
  pid_t pid;     /* 0 while it is down */
  int is_paused; /* by SIGSTOP */
  int is_sentinel;
  const char *password;        /* what server_command() says first; NULL at first */
  const char *const *settings; /* as it was started */
};

/* The exit status for a program whose servers are not installed, its closing line printed: 77, a skip; in CI
 * (CI=true) 1, a failure. 0 if they are. */
int servers_missing(void);

/* ---- One server ------------------------------------------------------------------------------------ */

/* Start a server and wait until it answers. settings: names and values as in redis.conf ("appendonly",
 * "yes", ..., NULL), or NULL; they must live as long as the server. Nothing is saved unless they say so. */
struct server *server_start(const char *const *settings);
/* The same for a sentinel. text: its configuration, but for addresses and folders. */
struct server *server_start_sentinel(const char *text);
/* Kill it if it runs, remove its folder and free it. NULL is fine. */
void server_stop(struct server *server);

/* End it by kill -9. Returns when it is gone. */
void server_kill(struct server *server);
/* Start it again on the same port and data, and wait until it answers; a running one is killed first. */
void server_restart(struct server *server);
/* The same, on another port. */
void server_move(struct server *server);
/* SIGSTOP and SIGCONT: as an overloaded or isolated host is. */
void server_pause(struct server *server);
void server_resume(struct server *server);

/* ---- Talking to it --------------------------------------------------------------------------------- */

/* One command, formatted as by hiredis, over a connection of its own. The reply is the caller's, freed with
 * freeReplyObject(); NULL if there was no answer within 5 s. */
redisReply *server_command(const struct server *server, const char *format, ...);
/* The same with a list of len words. */
redisReply *server_command_words(const struct server *server, int len, const char **words);
/* The same, which must not answer with an error, or not at all; the reply is dropped. */
void server_must(const struct server *server, const char *format, ...);
/* An integer reply; -1 if it is anything else. */
long long server_integer(const struct server *server, const char *format, ...);
/* A line of INFO all or of CLUSTER INFO: the value of field, cut to size; "" if it is not there. */
void server_info(const struct server *server, const char *field, char *out, size_t size);
void server_cluster_info(const struct server *server, const char *field, char *out, size_t size);
/* 1 if server_info(field) is value. */
int server_has(const struct server *server, const char *field, const char *value);

/* server is a replica of master from now on: returns when it has its data and gets what is written. */
void server_follow(struct server *server, const struct server *master);
/* 1 if a write on master, which this makes, arrives. A replica whose link is up may still wait up to a second
 * for the first one. */
int server_has_caught_up(const struct server *replica, const struct server *master);

/* ---- Waiting --------------------------------------------------------------------------------------- */

/* Ask again and again until done() gives 1: 1; after limit_ms: 0. */
int servers_wait(int (*done)(void *arg), void *arg, int limit_ms);
/* The same, where not to come about ends the process; what: what was waited for. */
void servers_await(const char *what, int (*done)(void *arg), void *arg);
/* Wait a short moment: for loops that do something between the looks. */
void servers_breathe(void);
int64_t servers_now_ms(void);

/* ---- For the files that build on this -------------------------------------------------------------- */

/* A port on 127.0.0.1 that is free, and the one 10,000 above too. */
uint16_t servers_free_port(void);
/* End the process: server's log and a sentence. */
_Noreturn void servers_give_up(const struct server *server, const char *format, ...);

#endif
