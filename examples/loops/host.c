#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "talk.h"

enum {
  TICK_MS = 1000,     /* at least so often */
  TICK_BUDGET = 1000, /* people that one tick moves, since what is submitted meanwhile waits for it */
  REAP_MAX = 64       /* ops handed back in one go, so that connections have their turn too */
};

/* ---- The store ------------------------------------------------------------------------------------- */

int host_submit(struct host *host, qk_op *op)
{
  if (!host->is_full && qk_submit(host->store, &op, 1) == QK_OK) {
    host->submitted++;
    return 0;
  }
  host->is_full = 1; /* QK_EAGAIN */
  return -1;
}

static void submit_tick(struct host *host)
{
  if (!host->tick_is_due || host->tick.data)
    return;
  host->tick = (qk_op){.size = sizeof host->tick, .verb = QK_TICK, .report = &host->report, .data = host};
  if (host_submit(host, &host->tick) == 0)
    host->tick_is_due = 0;
  else
    host->tick.data = NULL;
}

static void take_tick(struct host *host)
{
  host->tick.data = NULL;
  if (host->stops)
    return;
  uint32_t next_ms = host->tick.result == QK_OK ? host->report.next_ms : TICK_MS;
  loop_alarm(host->loop, next_ms < TICK_MS ? next_ms : TICK_MS);
}

static struct talk *next_talk(struct host *host)
{
  struct talk *talk = host->talks;
  host->talks = talk->next;
  return talk;
}

/* There is room again. The tick comes first, or those who always have something to ask would keep it out;
 * then everybody in turn. */
static void resume(struct host *host)
{
  host->is_full = 0;
  submit_tick(host);
  for (size_t turns = host->talk_count; turns > 0 && !host->is_full; turns--)
    talk_go_on(next_talk(host));
}

static void store_ready(struct watch *watch)
{
  struct host *host = watch->owner;
  qk_op *done[REAP_MAX];
  int count = qk_reap(host->store, done, REAP_MAX, 0);
  for (int i = 0; i < count; i++) {
    host->submitted--;
    if (done[i] == &host->tick)
      take_tick(host);
    else
      talk_answer(done[i]->data);
  }
  if (count > 0 && host->is_full)
    resume(host);
  host_rest(host);
}

void host_alarm(struct host *host)
{
  if (host->stops && host->submitted == 0) /* somebody does not read the answers */
    loop_end(host->loop);
  loop_alarm(host->loop, TICK_MS);
  if (host->stops)
    return;
  loop_watch(host->loop, &host->listener, WATCH_READ);
  host->tick_is_due = 1;
  submit_tick(host);
}

/* ---- The socket ------------------------------------------------------------------------------------ */

static int set_nonblocking(int fd)
{
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* A process without descriptors would be told of the same connection for ever: the alarm looks again. */
static void listener_ready(struct watch *watch)
{
  struct host *host = watch->owner;
  int fd = accept(watch->fd, NULL, NULL);
  if (fd >= 0 && set_nonblocking(fd) == 0)
    talk_begin(host, fd);
  else if (fd >= 0)
    close(fd);
  else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
    loop_watch(host->loop, watch, 0);
}

/* Bind path, in place of a socket that nobody listens to any more. */
static int listen_at(const char *path)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const struct sockaddr *at = (const struct sockaddr *)&address;
  size_t len = strlen(path);
  if (len >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, path, len);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0 && connect(fd, at, sizeof address) != 0 && errno == ECONNREFUSED)
    unlink(path);
  if (fd >= 0)
    close(fd);
  fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0 && set_nonblocking(fd) == 0 && bind(fd, at, sizeof address) == 0 && listen(fd, SOMAXCONN) == 0)
    return fd;
  if (fd >= 0)
    close(fd);
  return -1;
}

/* ---- Beginning and end ----------------------------------------------------------------------------- */

static void print_log(void *arg, int level, const char *text, size_t len)
{
  (void)arg;
  if (level <= 1)
    fprintf(stderr, "%.*s\n", (int)len, text);
}

static int open_store(struct host *host, const char *uri, const char *seats)
{
  qk_policy policy;
  qk_options options;
  qk_error error;
  qk_policy_init(&policy);
  qk_options_init(&options);
  if (seats)
    policy.max_active = strtoull(seats, NULL, 10);
  options.policy = &policy;
  options.tick_budget = TICK_BUDGET;
  options.log = print_log;
  if (qk_open(&host->store, uri, &options, &error) == QK_OK)
    return 0;
  fprintf(stderr, "%s: %s\n", uri, error.text);
  return -1;
}

static int watch_both(struct host *host)
{
  host->listener = (struct watch){.fd = listen_at(host->path), .ready = listener_ready, .owner = host};
  if (host->listener.fd < 0) {
    perror(host->path);
    return -1;
  }
  host->store_watch = (struct watch){.fd = qk_fd(host->store), .ready = store_ready, .owner = host};
  if (loop_watch(host->loop, &host->listener, WATCH_READ) == 0 &&
      loop_watch(host->loop, &host->store_watch, WATCH_READ) == 0)
    return 0;
  perror("the loop");
  return -1;
}

struct host *host_open(int argc, char **argv, struct loop *loop)
{
  int option;
  const char *seats = NULL;
  while ((option = getopt(argc, argv, "s:")) == 's')
    seats = optarg;
  if (option != -1 || optind >= argc || optind + 2 < argc) {
    fprintf(stderr, "usage: %s [-s SEATS] SOCKET [URI]\n", argv[0]);
    return NULL;
  }
  struct host *host = calloc(1, sizeof *host);
  if (!host)
    return NULL;
  host->loop = loop;
  host->path = argv[optind];
  host->listener.fd = -1;
  if (open_store(host, optind + 1 < argc ? argv[optind + 1] : "memory:", seats) == 0 &&
      watch_both(host) == 0) {
    loop_alarm(loop, 1);
    return host;
  }
  host_close(host);
  return NULL;
}

void host_stop(struct host *host)
{
  if (host->stops++ > 0)
    loop_end(host->loop);
  if (host->stops > 1)
    return;
  loop_watch(host->loop, &host->listener, 0);
  for (size_t turns = host->talk_count; turns > 0; turns--) {
    struct talk *talk = next_talk(host);
    talk->is_over = 1;
    talk_go_on(talk);
  }
  loop_alarm(host->loop, TICK_MS);
  host_rest(host);
}

void host_rest(struct host *host)
{
  if (host->stops && !host->talks && host->submitted == 0)
    loop_end(host->loop);
}

int host_close(struct host *host)
{
  int unanswered = 0;
  if (!host)
    return 1;
  loop_watch(host->loop, &host->listener, 0);
  loop_watch(host->loop, &host->store_watch, 0);
  qk_close(host->store); /* the requests that it had are ours again */
  while (host->talks)
    unanswered += talk_free(host->talks);
  if (host->listener.fd >= 0) {
    close(host->listener.fd);
    unlink(host->path);
  }
  if (unanswered > 0)
    fprintf(stderr, "%d requests were left without an answer\n", unanswered);
  free(host);
  return unanswered > 0;
}
