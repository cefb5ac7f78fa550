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
#include <hiredis/hiredis.h>
#include "server.h"

#define FIRST_PORT 21300
#define PORTS 100
#define START_NS INT64_C(10000000000)
#define CANNOT_RUN 127 /* as a shell says it */
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

static void run_server(const struct server *server, const char *program)
{
  char port[16];
  snprintf(port, sizeof port, "%d", server->port);
  char *const argv[] = {(char *)program,
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
  _exit(CANNOT_RUN);
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

static int fail(struct server *server, const char *program, const char *what)
{
  const char *slash = strrchr(program, '/');
  snprintf(server->why, sizeof server->why, "%.40s %s", slash ? slash + 1 : program, what);
  return -1;
}

static int wait_until_ready(struct server *server, const char *program)
{
  int64_t deadline = machine_now_ns() + START_NS;
  while (!is_ready(server)) {
    int status;
    int64_t now = machine_now_ns();
    if (waitpid(server->pid, &status, WNOHANG) != 0) {
      int never_ran = WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_RUN;
      server->pid = 0;
      return fail(server, program, never_ran ? "cannot be run" : "ended at once");
    }
    if (now > deadline)
      return fail(server, program, "does not answer");
    machine_sleep_until(now + PAUSE_NS);
  }
  return 0;
}

int server_start(struct server *server, const char *program)
{
  *server = (struct server){.folder = "/tmp/libqueue-bench-XXXXXX"};
  int fd = server_listen(&server->port);
  if (fd < 0)
    return fail(server, program, "has no free port");
  close(fd);
  snprintf(server->uri, sizeof server->uri, "redis://%s:%d", SERVER_HOST, server->port);
  if (!mkdtemp(server->folder))
    return fail(server, program, "has no folder in /tmp");
  server->pid = fork();
  if (server->pid == 0)
    run_server(server, program);
  if (server->pid < 0)
    fail(server, program, "has no process");
  else if (wait_until_ready(server, program) == 0)
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
