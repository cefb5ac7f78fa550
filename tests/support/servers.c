#include "servers.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "janitor.h"

#define PATIENCE_MS 30000 /* for what must come: a busy machine is no failure */
#define PORTS_FROM                                                                                           \
  20000 /* with the cluster bus 10,000 above, all below what systems hand out by themselves */
#define PORTS 2700

/* ---- Waiting --------------------------------------------------------------------------------------- */

int64_t servers_now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void servers_breathe(void)
{
  struct timespec moment = {.tv_nsec = 5000000};
  nanosleep(&moment, NULL);
}

int servers_wait(int (*done)(void *arg), void *arg, int limit_ms)
{
  int64_t until_ms = servers_now_ms() + limit_ms;
  while (!done(arg)) {
    if (servers_now_ms() >= until_ms)
      return 0;
    servers_breathe();
  }
  return 1;
}

void servers_await(const char *what, int (*done)(void *arg), void *arg)
{
  if (!servers_wait(done, arg, PATIENCE_MS))
    servers_give_up(NULL, "waited in vain: %s", what);
}

static void show_log(const struct server *server)
{
  char path[160], text[2048];
  snprintf(path, sizeof path, "%s/log", server->folder);
  FILE *log = fopen(path, "r");
  if (!log)
    return;
  if (fseek(log, -(long)sizeof text, SEEK_END) != 0)
    rewind(log);
  size_t len = fread(text, 1, sizeof text, log);
  fprintf(stderr, "%.*s", (int)len, text);
  fclose(log);
}

void servers_give_up(const struct server *server, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  if (server)
    show_log(server);
  fprintf(stderr, "servers: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, "\n");
  va_end(args);
  exit(1);
}

/* ---- What is installed ----------------------------------------------------------------------------- */

static int is_in_path(const char *program)
{
  char path[512];
  const char *dir = getenv("PATH");
  while (dir && *dir) {
    size_t len = strcspn(dir, ":");
    snprintf(path, sizeof path, "%.*s/%s", (int)len, dir, program);
    if (access(path, X_OK) == 0)
      return 1;
    dir += len + (dir[len] == ':');
  }
  return 0;
}

static const char *find_program(void)
{
  static const char *const programs[] = {"redis-server", "valkey-server"};
  for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
    if (is_in_path(programs[i]))
      return programs[i];
  return NULL;
}

int servers_missing(void)
{
  const char *ci = getenv("CI");
  int is_ci = ci && strcmp(ci, "true") == 0;
  if (find_program())
    return 0;
  printf("redis-server is not installed\n0 passed, %d failed, %d skipped\n", is_ci, !is_ci);
  return is_ci ? 1 : 77;
}

/* ---- Ports ----------------------------------------------------------------------------------------- */

static int is_free(int port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0)
    servers_give_up(NULL, "no socket: %s", strerror(errno));
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); /* a port that only lingers is free */
  int free = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
  close(fd);
  return free;
}

uint16_t servers_free_port(void)
{
  static int next = -1;
  if (next < 0)
    next = (int)((getpid() * 37L + time(NULL)) % PORTS);
  for (int i = 0; i < PORTS; i++) {
    int port = PORTS_FROM + next;
    next = (next + 1) % PORTS;
    if (is_free(port) && is_free(port + 10000))
      return (uint16_t)port;
  }
  servers_give_up(NULL, "no free port");
}

/* ---- Talking to it --------------------------------------------------------------------------------- */

/* Writing to a server that was just killed must not end the test program, and hiredis knows no MSG_NOSIGNAL:
 * SIGPIPE is held back meanwhile. Returns what let_sigpipe() needs: 1 if it was held back already. */
static int hold_off_sigpipe(void)
{
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  return sigismember(&before, SIGPIPE);
}

static void let_sigpipe(int was_held)
{
  struct timespec at_once = {0};
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  if (was_held)
    return;
  while (sigtimedwait(&pipe, NULL, &at_once) > 0)
    ;
  pthread_sigmask(SIG_UNBLOCK, &pipe, NULL);
}

static redisContext *connect_to(const struct server *server)
{
  struct timeval limit = {.tv_sec = 5};
  redisContext *context = redisConnectUnixWithTimeout(server->socket, limit);
  if (!context || context->err) {
    redisFree(context);
    return NULL;
  }
  redisSetTimeout(context, limit);
  if (server->password)
    freeReplyObject(redisCommand(context, "AUTH %s", server->password));
  return context;
}

static redisReply *ask(const struct server *server, const char *format, va_list args)
{
  int was_held = hold_off_sigpipe();
  redisContext *context = connect_to(server);
  redisReply *reply = context ? redisvCommand(context, format, args) : NULL;
  redisFree(context);
  let_sigpipe(was_held);
  return reply;
}

redisReply *server_command(const struct server *server, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  redisReply *reply = ask(server, format, args);
  va_end(args);
  return reply;
}

redisReply *server_command_words(const struct server *server, int len, const char **words)
{
  int was_held = hold_off_sigpipe();
  redisContext *context = connect_to(server);
  redisReply *reply = context ? redisCommandArgv(context, len, words, NULL) : NULL;
  redisFree(context);
  let_sigpipe(was_held);
  return reply;
}

void server_must(const struct server *server, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  redisReply *reply = ask(server, format, args);
  va_end(args);
  if (!reply || reply->type == REDIS_REPLY_ERROR)
    servers_give_up(server, "\"%s\" gives %s", format, reply ? reply->str : "no answer");
  freeReplyObject(reply);
}

long long server_integer(const struct server *server, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  redisReply *reply = ask(server, format, args);
  va_end(args);
  long long value = reply && reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
  freeReplyObject(reply);
  return value;
}

/* The value of field in text, lines of "field:value". */
static void find_field(const char *text, const char *field, char *out, size_t size)
{
  size_t len = strlen(field);
  out[0] = '\0';
  for (const char *line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, field, len) == 0 && line[len] == ':') {
      snprintf(out, size, "%.*s", (int)strcspn(line + len + 1, "\r\n"), line + len + 1);
      return;
    }
  }
}

static void read_field(const struct server *server, const char *command, const char *field, char *out,
                       size_t size)
{
  redisReply *reply = server_command(server, command);
  out[0] = '\0';
  if (reply && reply->type == REDIS_REPLY_STRING)
    find_field(reply->str, field, out, size);
  freeReplyObject(reply);
}

void server_info(const struct server *server, const char *field, char *out, size_t size)
{
  read_field(server, "INFO all", field, out, size);
}

void server_cluster_info(const struct server *server, const char *field, char *out, size_t size)
{
  read_field(server, "CLUSTER INFO", field, out, size);
}

int server_has(const struct server *server, const char *field, const char *value)
{
  char got[256];
  server_info(server, field, got, sizeof got);
  return strcmp(got, value) == 0;
}

/* ---- Starting -------------------------------------------------------------------------------------- */

/* 1 if it answers; -1 if it has ended. */
static int look(struct server *server)
{
  int status;
  if (waitpid(server->pid, &status, WNOHANG) == server->pid) {
    janitor_forget(server->pid);
    server->pid = 0;
    return -1;
  }
  redisReply *reply = server_command(server, "PING");
  int is_up = reply && strncmp(reply->str, "LOADING", 7) != 0 && strncmp(reply->str, "MASTERDOWN", 10) != 0;
  freeReplyObject(reply);
  return is_up;
}

static int looks_finished(void *server)
{
  return look(server) != 0;
}

/* The child's part: nothing but what is safe between fork and exec. */
static void become_server(const char *program, const char *conf, int is_sentinel)
{
  char *words[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)conf,
                   (char *)(uintptr_t)(is_sentinel ? "--sentinel" : NULL), NULL};
  int null = open("/dev/null", O_RDWR);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  execvp(program, words);
  _exit(127);
}

static void write_conf(const struct server *server, const char *path, const char *more)
{
  FILE *conf = fopen(path, "w");
  if (!conf)
    servers_give_up(NULL, "%s: %s", path, strerror(errno));
  fprintf(conf, "port %u\nbind 127.0.0.1\nunixsocket %s\ndir %s\nlogfile log\n", (unsigned)server->port,
          server->socket, server->folder);
  if (!server->is_sentinel)
    fprintf(conf, "save \"\"\nrepl-diskless-sync-delay 0\n");
  for (size_t i = 0; server->settings && server->settings[i]; i += 2)
    fprintf(conf, "%s %s\n", server->settings[i], server->settings[i + 1]);
  fprintf(conf, "%s", more);
  if (fclose(conf) != 0)
    servers_give_up(NULL, "%s: %s", path, strerror(errno));
}

/* A sentinel keeps what it learns in its configuration: that is written but once. */
static void launch(struct server *server, const char *more)
{
  char path[160];
  const char *program = find_program();
  snprintf(path, sizeof path, "%s/conf", server->folder);
  if (!server->is_sentinel || access(path, F_OK) != 0 || more[0])
    write_conf(server, path, more);
  unlink(server->socket);
  pid_t pid = fork();
  if (pid < 0)
    servers_give_up(NULL, "fork: %s", strerror(errno));
  if (pid == 0)
    become_server(program, path, server->is_sentinel);
  janitor_watch(pid);
  server->pid = pid;
  server->is_paused = 0;
}

/* Start on its port: 1; 0 if it ended at once, as it does when somebody else was quicker to take the port. */
static int try_start(struct server *server, const char *more)
{
  launch(server, more);
  if (!servers_wait(looks_finished, server, PATIENCE_MS))
    servers_give_up(server, "the server does not answer");
  return server->pid != 0;
}

static void start_anywhere(struct server *server, const char *more)
{
  for (int tries = 0; tries < 20; tries++) {
    server->port = servers_free_port();
    if (try_start(server, more))
      return;
  }
  servers_give_up(server, "the server does not start");
}

static struct server *create(const char *const *settings)
{
  static unsigned created;
  struct server *server = calloc(1, sizeof *server);
  if (!server || !find_program())
    servers_give_up(NULL, "no memory, or no redis-server");
  snprintf(server->folder, sizeof server->folder, "%s/%u", janitor_folder(), created++);
  snprintf(server->socket, sizeof server->socket, "%s/s", server->folder);
  server->settings = settings;
  if (mkdir(server->folder, 0700) != 0)
    servers_give_up(NULL, "%s: %s", server->folder, strerror(errno));
  return server;
}

struct server *server_start(const char *const *settings)
{
  struct server *server = create(settings);
  start_anywhere(server, "");
  return server;
}

struct server *server_start_sentinel(const char *text)
{
  struct server *server = create(NULL);
  server->is_sentinel = 1;
  start_anywhere(server, text);
  return server;
}

/* ---- Ending and starting again --------------------------------------------------------------------- */

void server_kill(struct server *server)
{
  int status;
  if (!server->pid)
    return;
  kill(server->pid, SIGKILL);
  while (waitpid(server->pid, &status, 0) < 0 && errno == EINTR)
    ;
  janitor_forget(server->pid);
  server->pid = 0;
}

void server_stop(struct server *server)
{
  if (!server)
    return;
  server_kill(server);
  janitor_remove(server->folder);
  free(server);
}

void server_restart(struct server *server)
{
  server_kill(server);
  if (!try_start(server, ""))
    servers_give_up(server, "the server does not start again");
}

void server_move(struct server *server)
{
  server_kill(server);
  start_anywhere(server, "");
}

void server_pause(struct server *server)
{
  kill(server->pid, SIGSTOP);
  server->is_paused = 1;
}

void server_resume(struct server *server)
{
  kill(server->pid, SIGCONT);
  server->is_paused = 0;
}

/* ---- Replicas -------------------------------------------------------------------------------------- */

/* How much of the stream the replica has acknowledged, as its master sees it; -1 if it is not online. */
static long long acknowledged(const struct server *master, const struct server *replica)
{
  char port[40], line[128];
  snprintf(port, sizeof port, "port=%u,state=online,", (unsigned)replica->port);
  for (int i = 0; i < 8; i++) {
    char field[16];
    snprintf(field, sizeof field, "slave%d", i);
    server_info(master, field, line, sizeof line);
    const char *offset = strstr(line, port) ? strstr(line, "offset=") : NULL;
    if (offset)
      return atoll(offset + strlen("offset="));
  }
  return -1;
}

int server_has_caught_up(const struct server *replica, const struct server *master)
{
  char written[32];
  server_must(master, "PUBLISH nobody here");
  server_info(master, "master_repl_offset", written, sizeof written);
  /* Replicas acknowledge once a second. */
  for (int tries = 0; tries < 250 && acknowledged(master, replica) >= 0; tries++) {
    if (acknowledged(master, replica) >= atoll(written))
      return server_has(replica, "master_link_status", "up");
    servers_breathe();
  }
  return 0;
}

struct link {
  const struct server *replica, *master;
};

static int has_caught_up(void *data)
{
  const struct link *link = data;
  return server_has_caught_up(link->replica, link->master);
}

void server_follow(struct server *server, const struct server *master)
{
  struct link link = {server, master};
  server_must(server, "REPLICAOF 127.0.0.1 %d", (int)master->port);
  servers_await("a replica gets what its master gets", has_caught_up, &link);
}
