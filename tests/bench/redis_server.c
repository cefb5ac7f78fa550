#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "child.h"
#include "machine.h"
#include "redis_server.h"

#define FIRST_PORT 23000
#define PORTS 100
#define START_NS INT64_C(10000000000)
#define PAUSE_NS INT64_C(10000000)

int server_listen(int *port)
{
  for (int i = 0; i < PORTS; i++) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(FIRST_PORT + i))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
      return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, SOMAXCONN) == 0) {
      *port = FIRST_PORT + i;
      return fd;
    }
    close(fd);
  }
  fprintf(stderr, "bench: no free port from %d to %d\n", FIRST_PORT, FIRST_PORT + PORTS - 1);
  return -1;
}

static void run_server(const struct server *server)
{
  char port[16];
  snprintf(port, sizeof port, "%d", server->port);
  char *const argv[] = {"redis-server",
                        "--port",
                        port,
                        "--bind",
                        SERVER_HOST,
                        "--save",
                        "",
                        "--appendonly",
                        "no",
                        "--dir",
                        (char *)server->folder,
                        NULL};
  int nowhere = open("/dev/null", O_WRONLY);
  machine_end_with_parent();
  if (nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0)
    execvp(argv[0], argv);
  perror("redis-server");
  _exit(127);
}

/* Whether it answers, and is ours: the port may have been taken meanwhile. */
static int is_ready(struct server *server)
{
  struct timeval patience = {.tv_sec = 1};
  redisContext *context = redisConnectWithTimeout(SERVER_HOST, server->port, patience);
  redisReply *reply = context && !context->err ? redisCommand(context, "INFO server") : NULL;
  char ours[32];
  snprintf(ours, sizeof ours, "process_id:%d\r", (int)server->pid);
  int ready = reply && reply->type == REDIS_REPLY_STRING && strstr(reply->str, ours) != NULL;
  const char *version = ready ? strstr(reply->str, "redis_version:") : NULL;
  if (version)
    snprintf(server->version, sizeof server->version, "%.*s", (int)strcspn(version + 14, "\r"), version + 14);
  if (reply)
    freeReplyObject(reply);
  if (context)
    redisFree(context);
  return ready;
}

static int wait_until_ready(struct server *server)
{
  int64_t deadline = machine_now_ns() + START_NS;
  while (!is_ready(server)) {
    int64_t now = machine_now_ns();
    int has_ended = waitpid(server->pid, NULL, WNOHANG) != 0;
    if (has_ended)
      server->pid = 0;
    if (has_ended || now > deadline) {
      fprintf(stderr, "bench: redis-server does not answer on port %d\n", server->port);
      return -1;
    }
    machine_sleep_until(now + PAUSE_NS);
  }
  return 0;
}

int server_start(struct server *server)
{
  *server = (struct server){.folder = "/tmp/libqueue-bench-XXXXXX"};
  int fd = server_listen(&server->port);
  if (fd < 0)
    return -1;
  close(fd);
  snprintf(server->uri, sizeof server->uri, "redis://%s:%d", SERVER_HOST, server->port);
  if (!mkdtemp(server->folder)) {
    perror(server->folder);
    return -1;
  }
  server->pid = fork();
  if (server->pid == 0)
    run_server(server);
  if (server->pid > 0 && wait_until_ready(server) == 0)
    return 0;
  server_stop(server);
  return -1;
}

void server_stop(struct server *server)
{
  if (server->pid > 0) {
    kill(server->pid, SIGTERM);
    child_wait(server->pid);
  }
  server->pid = 0;
  rmdir(server->folder);
}

redisContext *server_connect(int port)
{
  redisContext *context = redisConnect(SERVER_HOST, port);
  if (context && !context->err)
    return context;
  fprintf(stderr, "bench: port %d: %s\n", port, context ? context->errstr : "no memory");
  if (context)
    redisFree(context);
  return NULL;
}

int server_answered(const redisContext *context, const redisReply *reply)
{
  if (reply && reply->type != REDIS_REPLY_ERROR)
    return 1;
  fprintf(stderr, "bench: redis: %s\n", reply ? reply->str : context->errstr);
  return 0;
}

int server_flush(const struct server *server)
{
  redisContext *context = server_connect(server->port);
  if (!context)
    return -1;
  redisReply *reply = redisCommand(context, "FLUSHALL SYNC");
  int rc = server_answered(context, reply) ? 0 : -1;
  freeReplyObject(reply);
  redisFree(context);
  return rc;
}

int64_t server_used_memory(const struct server *server)
{
  int64_t bytes = -1;
  redisContext *context = server_connect(server->port);
  if (!context)
    return -1;
  redisReply *reply = redisCommand(context, "INFO memory");
  if (server_answered(context, reply)) {
    const char *found = strstr(reply->str, "used_memory:");
    bytes = found ? strtoll(found + strlen("used_memory:"), NULL, 10) : -1;
  }
  freeReplyObject(reply);
  redisFree(context);
  return bytes;
}
