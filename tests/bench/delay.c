#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
#include "child.h"
#include "delay.h"
#include "machine.h"
#include "server.h"

#define PIECE 16384

/* Bytes that came together. */
struct piece {
  struct piece *next;
  int64_t due_ns;
  size_t length, sent;
  char bytes[PIECE];
};

/* One direction of a connection. */
struct way {
  int from, to;
  struct piece *first, **last;
  int64_t ended_ns; /* when the end of the bytes is due; 0: they go on */
  int shut;         /* and it was passed on */
  int full;         /* nothing can be sent now */
};

struct link {
  struct link *next;
  struct way ways[2];
  int broken;
};

struct relay {
  int listener, target_port;
  int64_t delay_ns;
  struct link *links;
  struct piece *spare;
};

static void set_up(int fd)
{
  int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int connect_to(int port)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  if (fd >= 0)
    close(fd);
  return -1;
}

static void accept_link(struct relay *relay)
{
  int near = accept(relay->listener, NULL, NULL);
  int far = near < 0 ? -1 : connect_to(relay->target_port);
  struct link *link = far < 0 || far >= FD_SETSIZE ? NULL : calloc(1, sizeof *link);
  if (!link) {
    if (near >= 0)
      close(near);
    if (far >= 0)
      close(far);
    return;
  }
  set_up(near);
  set_up(far);
  link->ways[0] = (struct way){.from = near, .to = far};
  link->ways[1] = (struct way){.from = far, .to = near};
  for (int i = 0; i < 2; i++)
    link->ways[i].last = &link->ways[i].first;
  link->next = relay->links;
  relay->links = link;
}

static struct piece *new_piece(struct relay *relay)
{
  struct piece *piece = relay->spare;
  if (piece)
    relay->spare = piece->next;
  else
    piece = malloc(sizeof *piece);
  return piece;
}

static void drop_piece(struct relay *relay, struct piece *piece)
{
  piece->next = relay->spare;
  relay->spare = piece;
}

/* Returns -1 if the connection broke. */
static int take_in(struct relay *relay, struct way *way)
{
  struct piece *piece = new_piece(relay);
  if (!piece)
    return -1;
  ssize_t got = read(way->from, piece->bytes, PIECE);
  int64_t due_ns = machine_now_ns() + relay->delay_ns;
  if (got <= 0) {
    drop_piece(relay, piece);
    if (got == 0)
      way->ended_ns = due_ns;
    return got == 0 || errno == EAGAIN || errno == EINTR ? 0 : -1;
  }
  piece->next = NULL;
  piece->due_ns = due_ns;
  piece->length = (size_t)got;
  piece->sent = 0;
  *way->last = piece;
  way->last = &piece->next;
  return 0;
}

/* Send what is due. Returns -1 if the connection broke. */
static int give_out(struct relay *relay, struct way *way, int64_t now_ns)
{
  way->full = 0;
  while (way->first && way->first->due_ns <= now_ns) {
    struct piece *piece = way->first;
    ssize_t sent = send(way->to, piece->bytes + piece->sent, piece->length - piece->sent, MSG_NOSIGNAL);
    if (sent < 0) {
      way->full = errno == EAGAIN || errno == EINTR;
      return way->full ? 0 : -1;
    }
    piece->sent += (size_t)sent;
    if (piece->sent < piece->length)
      continue;
    way->first = piece->next;
    if (!way->first)
      way->last = &way->first;
    drop_piece(relay, piece);
  }
  if (!way->first && way->ended_ns > 0 && way->ended_ns <= now_ns && !way->shut) {
    shutdown(way->to, SHUT_WR);
    way->shut = 1;
  }
  return 0;
}

/* When the way has something to do by itself; INT64_MAX if it waits for others. */
static int64_t next_ns(const struct way *way)
{
  if (way->first)
    return way->full ? INT64_MAX : way->first->due_ns;
  return way->ended_ns > 0 && !way->shut ? way->ended_ns : INT64_MAX;
}

struct watch {
  fd_set in, out;
  int top;
  int64_t until_ns;
};

static void watch_for(struct watch *watch, int fd, fd_set *set)
{
  FD_SET(fd, set);
  watch->top = fd > watch->top ? fd : watch->top;
}

static void prepare_watch(const struct relay *relay, struct watch *watch)
{
  FD_ZERO(&watch->in);
  FD_ZERO(&watch->out);
  watch->top = -1;
  watch->until_ns = INT64_MAX;
  watch_for(watch, relay->listener, &watch->in);
  for (const struct link *link = relay->links; link; link = link->next) {
    for (int i = 0; i < 2; i++) {
      const struct way *way = &link->ways[i];
      int64_t due_ns = next_ns(way);
      if (way->ended_ns == 0)
        watch_for(watch, way->from, &watch->in);
      if (way->full)
        watch_for(watch, way->to, &watch->out);
      watch->until_ns = due_ns < watch->until_ns ? due_ns : watch->until_ns;
    }
  }
}

static int wait_for_work(struct watch *watch)
{
  struct timespec left = {0};
  int64_t ns = watch->until_ns - machine_now_ns();
  if (ns > 0)
    left = (struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
  return pselect(watch->top + 1, &watch->in, &watch->out, NULL, watch->until_ns < INT64_MAX ? &left : NULL,
                 NULL);
}

static void serve_link(struct relay *relay, struct link *link, struct watch *watch)
{
  for (int i = 0; i < 2; i++) {
    struct way *way = &link->ways[i];
    if (way->ended_ns == 0 && FD_ISSET(way->from, &watch->in) && take_in(relay, way) != 0)
      link->broken = 1;
    if (give_out(relay, way, machine_now_ns()) != 0)
      link->broken = 1;
  }
}

static void close_link(struct relay *relay, struct link *link)
{
  for (int i = 0; i < 2; i++) {
    struct way *way = &link->ways[i];
    while (way->first) {
      struct piece *piece = way->first;
      way->first = piece->next;
      drop_piece(relay, piece);
    }
    close(way->from);
  }
  free(link);
}

static void forward_for_ever(struct relay *relay)
{
  for (;;) {
    struct watch watch;
    prepare_watch(relay, &watch);
    if (wait_for_work(&watch) < 0)
      continue;
    for (struct link **at = &relay->links; *at;) {
      struct link *link = *at;
      serve_link(relay, link, &watch);
      if (link->broken || (link->ways[0].shut && link->ways[1].shut)) {
        *at = link->next;
        close_link(relay, link);
      } else {
        at = &link->next;
      }
    }
    if (FD_ISSET(relay->listener, &watch.in))
      accept_link(relay);
  }
}

int delay_start(struct delay *delay, int target_port, int64_t delay_ns)
{
  struct relay relay = {.target_port = target_port, .delay_ns = delay_ns};
  relay.listener = server_listen(&delay->port);
  if (relay.listener < 0)
    return -1;
  delay->pid = fork();
  if (delay->pid == 0) {
    machine_end_with_parent();
    machine_sharpen_sleep();
    forward_for_ever(&relay);
  }
  close(relay.listener);
  if (delay->pid > 0)
    return 0;
  perror("bench: fork");
  return -1;
}

void delay_stop(struct delay *delay)
{
  kill(delay->pid, SIGKILL);
  child_wait(delay->pid);
}
