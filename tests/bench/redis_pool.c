#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "machine.h"
#include "redis_pool.h"
#include "redis_client.h"

#define REPLY 1024

struct worker {
  redisContext *context;
  uint32_t who;
  int step;
  size_t length;
  char reply[REPLY + 1];
};

struct pool {
  const struct pool_work *work;
  uint32_t next, served;
  struct worker worker[POOL_CONNECTIONS];
  struct pollfd poll[POOL_CONNECTIONS];
};

static int complain(const char *what)
{
  fprintf(stderr, "bench: connection of the pool: %s\n", what);
  return -1;
}

/* Of the whole reply at text; 0 while there is more to come. Empty arrays are the only ones here. */
static size_t reply_length(const char *text, size_t length)
{
  const char *end = memchr(text, '\n', length);
  if (!end)
    return 0;
  size_t line = (size_t)(end - text) + 1;
  long content = *text == '$' ? strtol(text + 1, NULL, 10) : -1;
  size_t whole = content < 0 ? line : line + (size_t)content + 2;
  return length >= whole ? whole : 0;
}

/* A command is far smaller than a socket's buffer, and its connection is idle. */
static int send_command(const struct pool *pool, const struct worker *worker)
{
  char command[POOL_COMMAND];
  const struct pool_work *work = pool->work;
  int length = work->command(work->arg, command, sizeof command, worker->who, worker->step);
  return write(worker->context->fd, command, (size_t)length) == length ? 0 : complain(strerror(errno));
}

/* The connection serves nobody: the next person, if there is one. */
static int take_next(struct pool *pool, struct worker *worker)
{
  if (pool->next == pool->work->people)
    return 0;
  worker->who = pool->next++;
  worker->step = 0;
  return send_command(pool, worker);
}

static int read_reply(struct pool *pool, struct worker *worker)
{
  ssize_t got = read(worker->context->fd, worker->reply + worker->length, REPLY - worker->length);
  if (got <= 0)
    return complain(got == 0 ? "closed" : strerror(errno));
  worker->length += (size_t)got;
  worker->reply[worker->length] = '\0';
  if (reply_length(worker->reply, worker->length) == 0)
    return worker->length < REPLY ? 0 : complain("a long reply");
  if (worker->reply[0] == '-')
    return complain(worker->reply);
  worker->length = 0;
  if (++worker->step < pool->work->steps)
    return send_command(pool, worker);
  pool->served++;
  return take_next(pool, worker);
}

static int connect_all(struct pool *pool)
{
  for (int i = 0; i < POOL_CONNECTIONS; i++) {
    struct worker *worker = &pool->worker[i];
    worker->context = client_connect(pool->work->port);
    if (!worker->context)
      return -1;
    pool->poll[i] = (struct pollfd){.fd = worker->context->fd, .events = POLLIN};
  }
  return 0;
}

static int serve_all(struct pool *pool)
{
  int rc = 0;
  for (int i = 0; i < POOL_CONNECTIONS && rc == 0; i++)
    rc = take_next(pool, &pool->worker[i]);
  while (rc == 0 && pool->served < pool->work->people) {
    if (poll(pool->poll, POOL_CONNECTIONS, -1) < 0)
      rc = complain(strerror(errno));
    for (int i = 0; i < POOL_CONNECTIONS && rc == 0; i++) {
      if (pool->poll[i].revents != 0)
        rc = read_reply(pool, &pool->worker[i]);
    }
  }
  return rc;
}

int pool_run(const struct pool_work *work, double *per_second)
{
  struct pool *pool = calloc(1, sizeof *pool);
  if (!pool)
    return complain("no memory");
  pool->work = work;
  int rc = connect_all(pool);
  int64_t start = machine_now_ns();
  if (rc == 0)
    rc = serve_all(pool);
  *per_second = work->people * 1e9 / (double)(machine_now_ns() - start);
  for (int i = 0; i < POOL_CONNECTIONS; i++) {
    if (pool->worker[i].context)
      redisFree(pool->worker[i].context);
  }
  free(pool);
  return rc;
}
