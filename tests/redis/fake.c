#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "fake_bytes.h"

#define LINKS 128
#define SLOTS 1024 /* commands of a connection without a reply */
#define DRIP_MS 250
#define FLOOD_BYTES (1u << 18) /* ready to be sent */
#define TOO_MANY "-ERR max number of clients reached\r\n"

/* A connection of the library and the one to the server that belongs to it. */
struct link {
  int client, server; /* -1: none */
  struct bytes from_client, to_server, from_server, to_client;
  const char *slots[SLOTS]; /* what answers each command: a line of ours, or NULL for the server */
  size_t slot_count;
  int is_ending; /* the library has closed it: what it sent still goes on */
  int64_t drip_ms;
  int is_flooded;
};

struct fake {
  struct sockaddr_un server;
  int listener, wake[2];
  uint16_t port;
  pthread_t thread;
  pthread_mutex_t lock; /* of all below */
  int is_over;
  struct link *links[LINKS];
  enum fake_mode mode;
  int64_t mode_until_ms; /* INT64_MAX: until told otherwise */
  enum fake_fault fault;
  size_t position; /* of the fault */
  const char *insert, *flood_head, *flood_text;
  const char *answer_command;
  char answer[256];
  int answer_times;
  size_t bytes, replies, commands; /* since fake_arm() */
  unsigned long connects, all_commands;
};

/* ---- Connections ----------------------------------------------------------------------------------- */

static void set_flags(int fd)
{
  int one = 1;
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    fake_give_up("a descriptor");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static int connect_to_server(const struct fake *fake)
{
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0)
    fake_give_up("socket");
  if (connect(fd, (const struct sockaddr *)&fake->server, sizeof fake->server) != 0) {
    close(fd);
    return -1;
  }
  set_flags(fd);
  return fd;
}

static void close_link(struct fake *fake, struct link *link)
{
  for (size_t i = 0; i < LINKS; i++)
    if (fake->links[i] == link)
      fake->links[i] = NULL;
  close(link->client);
  if (link->server >= 0)
    close(link->server);
  free(link->from_client.at);
  free(link->to_server.at);
  free(link->from_server.at);
  free(link->to_client.at);
  free(link);
}

static void close_all(struct fake *fake)
{
  for (size_t i = 0; i < LINKS; i++)
    if (fake->links[i])
      close_link(fake, fake->links[i]);
}

static void accept_link(struct fake *fake)
{
  int fd = accept(fake->listener, NULL, NULL);
  if (fd < 0)
    return;
  fake->connects++;
  size_t at = 0;
  while (at < LINKS && fake->links[at])
    at++;
  if (fake->mode == FAKE_FULL && send(fd, TOO_MANY, sizeof TOO_MANY - 1, MSG_NOSIGNAL) < 0)
    at = LINKS;
  int server = fake->mode == FAKE_DEAD || fake->mode == FAKE_FULL ? -1 : connect_to_server(fake);
  if (at == LINKS || server < 0) {
    close(fd);
    return;
  }
  struct link *link = calloc(1, sizeof *link);
  if (!link)
    fake_give_up("no memory");
  set_flags(fd);
  link->client = fd;
  link->server = server;
  fake->links[at] = link;
}

/* ---- Commands -------------------------------------------------------------------------------------- */

/* Is the first word of the command at the front this one? */
static int begins_with(const struct bytes *bytes, const char *word)
{
  size_t first = bytes_line(bytes, 0);
  size_t start = first ? bytes_line(bytes, first) : 0, len = strlen(word);
  return start && bytes->len - start > len && !strncmp(bytes->at + start, word, len) &&
         bytes->at[start + len] == '\r';
}

/* Returns 0 if the link is gone. */
static int pass_command(struct fake *fake, struct link *link, size_t len)
{
  const char *answer = NULL;
  if (fake->answer_times != 0 && begins_with(&link->from_client, fake->answer_command)) {
    fake->answer_times -= fake->answer_times > 0;
    answer = fake->answer;
  }
  fake->all_commands++;
  if (fake->fault == FAKE_LOSE && fake->commands++ == fake->position) {
    fake->fault = FAKE_NONE;
    close_link(fake, link);
    return 0;
  }
  if (link->slot_count == SLOTS)
    fake_give_up("too many commands without a reply");
  link->slots[link->slot_count++] = answer;
  if (answer)
    bytes_drop(&link->from_client, len);
  else
    bytes_move(&link->to_server, &link->from_client, len);
  return 1;
}

static void pass_reply(struct fake *fake, struct link *link, size_t len)
{
  if (fake->fault == FAKE_REPEAT && fake->replies++ == fake->position) {
    bytes_append(&link->to_client, link->from_server.at, len);
    fake->fault = FAKE_NONE;
  }
  bytes_move(&link->to_client, &link->from_server, len);
}

/* Replies in the order of their commands, ours between those of the server. */
static void collect_replies(struct fake *fake, struct link *link)
{
  size_t done = 0, len;
  for (; done < link->slot_count; done++) {
    const char *line = link->slots[done];
    if (line)
      bytes_append(&link->to_client, line, strlen(line));
    else if ((len = bytes_message(&link->from_server)) > 0)
      pass_reply(fake, link, len);
    else
      break;
  }
  link->slot_count -= done;
  memmove(link->slots, link->slots + done, link->slot_count * sizeof link->slots[0]);
}

/* ---- Sending --------------------------------------------------------------------------------------- */

static void close_hard(struct fake *fake, struct link *link)
{
  struct linger now = {.l_onoff = 1};
  setsockopt(link->client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close_link(fake, link);
}

/* The byte of the fault is the next. Returns 0 if the link is gone. */
static int strike(struct fake *fake, struct link *link)
{
  enum fake_fault fault = fake->fault;
  struct bytes rest;
  fake->fault = FAKE_NONE;
  switch (fault) {
  case FAKE_CUT:
    close_link(fake, link);
    return 0;
  case FAKE_RESET:
    close_hard(fake, link);
    return 0;
  case FAKE_DIE:
    fake->mode = FAKE_DEAD;
    close_all(fake);
    return 0;
  case FAKE_GARBLE:
  case FAKE_CHANGE:
    link->to_client.at[0] ^= (char)(fault == FAKE_GARBLE ? 0x80 : 1);
    return 1;
  case FAKE_INSERT:
    rest = link->to_client;
    link->to_client = (struct bytes){.at = NULL};
    bytes_append(&link->to_client, fake->insert, strlen(fake->insert));
    bytes_append(&link->to_client, rest.at, rest.len);
    free(rest.at);
    return 1;
  default:
    return 1;
  }
}

static int strikes_at_a_byte(enum fake_fault fault)
{
  return fault >= FAKE_CUT && fault <= FAKE_INSERT;
}

/* Send at most len bytes. Returns 0 if the link is gone. */
static int send_some(struct fake *fake, struct link *link, size_t len)
{
  ssize_t sent = send(link->client, link->to_client.at, len, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
    close_link(fake, link);
    return 0;
  }
  if (sent > 0) {
    fake->bytes += (size_t)sent;
    bytes_drop(&link->to_client, (size_t)sent);
  }
  return 1;
}

static int send_replies(struct fake *fake, struct link *link)
{
  while (link->to_client.len > 0) {
    size_t before = fake->bytes;
    if (strikes_at_a_byte(fake->fault) && fake->position == before && !strike(fake, link))
      return 0;
    size_t len = link->to_client.len;
    if (strikes_at_a_byte(fake->fault) && fake->position - before < len)
      len = fake->position - before;
    if (!send_some(fake, link, len))
      return 0;
    if (fake->bytes - before < len)
      return 1;
  }
  return 1;
}

static int drip(struct fake *fake, struct link *link)
{
  int64_t now_ms = servers_now_ms();
  if (link->to_client.len == 0 || now_ms < link->drip_ms)
    return 1;
  link->drip_ms = now_ms + DRIP_MS;
  return send_some(fake, link, 1);
}

static int flood(struct fake *fake, struct link *link)
{
  if (!link->is_flooded)
    bytes_append(&link->to_client, fake->flood_head, strlen(fake->flood_head));
  link->is_flooded = 1;
  while (link->to_client.len < FLOOD_BYTES)
    bytes_append(&link->to_client, fake->flood_text, strlen(fake->flood_text));
  return send_some(fake, link, link->to_client.len);
}

/* ---- One connection, one round --------------------------------------------------------------------- */

/* Read what there is. Returns 0 at the end. */
static int take(int fd, struct bytes *bytes)
{
  char chunk[65536];
  ssize_t got;
  while ((got = recv(fd, chunk, sizeof chunk, 0)) > 0)
    bytes_append(bytes, chunk, (size_t)got);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static int send_commands(struct link *link)
{
  if (link->to_server.len == 0)
    return 1;
  ssize_t sent = send(link->server, link->to_server.at, link->to_server.len, MSG_NOSIGNAL);
  if (sent > 0)
    bytes_drop(&link->to_server, (size_t)sent);
  return sent >= 0 || errno == EAGAIN || errno == EWOULDBLOCK;
}

/* What the library sent before it closed the connection goes on, and is waited for. */
static void step(struct fake *fake, struct link *link)
{
  size_t len;
  int has_server;
  if (fake->mode == FAKE_HOLE)
    return;
  if (!link->is_ending && !take(link->client, &link->from_client))
    link->is_ending = 1;
  while ((len = bytes_message(&link->from_client)) > 0)
    if (!pass_command(fake, link, len))
      return;
  has_server = send_commands(link) && take(link->server, &link->from_server);
  collect_replies(fake, link);
  if (link->is_ending) {
    if (!has_server || (link->slot_count == 0 && link->to_server.len == 0))
      close_link(fake, link);
    return;
  }
  int is_open = 1;
  if (fake->mode == FAKE_DRIP)
    is_open = drip(fake, link);
  else if (fake->mode == FAKE_FLOOD)
    is_open = flood(fake, link);
  else if (fake->mode != FAKE_HOLD)
    is_open = send_replies(fake, link);
  if (is_open && !has_server)
    close_link(fake, link);
}

/* ---- The thread ------------------------------------------------------------------------------------ */

static void change_mode(struct fake *fake, enum fake_mode mode, int64_t until_ms)
{
  fake->mode = mode;
  fake->mode_until_ms = until_ms;
  if (mode == FAKE_DEAD || mode == FAKE_FULL)
    close_all(fake);
}

static int wants_to_send(const struct fake *fake, const struct link *link)
{
  return fake->mode == FAKE_FLOOD ||
         (link->to_client.len > 0 && fake->mode != FAKE_HOLD && fake->mode != FAKE_DRIP);
}

/* What to sleep on: the pipe, the listener, and the connections. In a hole nothing else than the pipe. */
static nfds_t fill_polls(const struct fake *fake, struct pollfd *polls)
{
  nfds_t n = 0;
  polls[n++] = (struct pollfd){.fd = fake->wake[0], .events = POLLIN};
  if (fake->mode == FAKE_HOLE)
    return n;
  polls[n++] = (struct pollfd){.fd = fake->listener, .events = POLLIN};
  for (size_t i = 0; i < LINKS; i++) {
    const struct link *link = fake->links[i];
    if (!link)
      continue;
    short room = wants_to_send(fake, link) ? POLLOUT : 0;
    polls[n++] = (struct pollfd){.fd = link->is_ending ? -1 : link->client, .events = (short)(POLLIN | room)};
    room = link->to_server.len > 0 ? POLLOUT : 0;
    polls[n++] = (struct pollfd){.fd = link->server, .events = (short)(POLLIN | room)};
  }
  return n;
}

static int sleep_ms(const struct fake *fake)
{
  int64_t left_ms = fake->mode_until_ms - servers_now_ms();
  int most_ms = fake->mode == FAKE_DRIP ? DRIP_MS / 5 : 1000;
  if (left_ms <= 0)
    return 0;
  return left_ms < most_ms ? (int)left_ms : most_ms;
}

static void work(struct fake *fake, const struct pollfd *polls, nfds_t count)
{
  char drain[64];
  if (polls[0].revents)
    while (read(fake->wake[0], drain, sizeof drain) > 0)
      ;
  if (servers_now_ms() >= fake->mode_until_ms)
    change_mode(fake, FAKE_PASS, INT64_MAX);
  if (count > 1 && polls[1].revents && fake->mode != FAKE_HOLE)
    accept_link(fake);
  for (size_t i = 0; i < LINKS; i++)
    if (fake->links[i])
      step(fake, fake->links[i]);
}

static void *run(void *arg)
{
  struct fake *fake = arg;
  struct pollfd polls[2 + 2 * LINKS];
  pthread_mutex_lock(&fake->lock);
  while (!fake->is_over) {
    nfds_t count = fill_polls(fake, polls);
    int timeout_ms = sleep_ms(fake);
    pthread_mutex_unlock(&fake->lock);
    if (poll(polls, count, timeout_ms) < 0 && errno != EINTR)
      fake_give_up("poll");
    pthread_mutex_lock(&fake->lock);
    work(fake, polls, count);
  }
  pthread_mutex_unlock(&fake->lock);
  return NULL;
}

/* ---- Beginning and end ----------------------------------------------------------------------------- */

static void listen_anywhere(struct fake *fake)
{
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t len = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fake->listener = socket(AF_INET, SOCK_STREAM, 0);
  if (fake->listener < 0 || bind(fake->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(fake->listener, LINKS) != 0 ||
      getsockname(fake->listener, (struct sockaddr *)&address, &len) != 0)
    fake_give_up("listening");
  set_flags(fake->listener);
  fake->port = ntohs(address.sin_port);
}

struct fake *fake_start(const struct server *server)
{
  struct fake *fake = calloc(1, sizeof *fake);
  if (!fake)
    fake_give_up("no memory");
  fake->server.sun_family = AF_UNIX;
  memcpy(fake->server.sun_path, server->socket, strlen(server->socket) + 1);
  fake->mode_until_ms = INT64_MAX;
  listen_anywhere(fake);
  if (pipe(fake->wake) != 0)
    fake_give_up("pipe");
  set_flags(fake->wake[0]);
  set_flags(fake->wake[1]);
  pthread_mutex_init(&fake->lock, NULL);
  if (pthread_create(&fake->thread, NULL, run, fake) != 0)
    fake_give_up("no thread");
  return fake;
}

static void begin_change(struct fake *fake)
{
  pthread_mutex_lock(&fake->lock);
}

static void end_change(struct fake *fake)
{
  pthread_mutex_unlock(&fake->lock);
  if (write(fake->wake[1], "", 1) < 0 && errno != EAGAIN)
    fake_give_up("pipe");
}

void fake_stop(struct fake *fake)
{
  begin_change(fake);
  fake->is_over = 1;
  end_change(fake);
  pthread_join(fake->thread, NULL);
  close_all(fake);
  close(fake->listener);
  close(fake->wake[0]);
  close(fake->wake[1]);
  pthread_mutex_destroy(&fake->lock);
  free(fake);
}

const char *fake_uri(const struct fake *fake, const char *query)
{
  static char uri[256];
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u/%s", (unsigned)fake->port, query);
  return uri;
}

/* ---- What a test asks for -------------------------------------------------------------------------- */

void fake_set(struct fake *fake, enum fake_mode mode)
{
  begin_change(fake);
  change_mode(fake, mode, INT64_MAX);
  end_change(fake);
}

void fake_set_for(struct fake *fake, enum fake_mode mode, int ms)
{
  begin_change(fake);
  change_mode(fake, mode, servers_now_ms() + ms);
  end_change(fake);
}

void fake_flood(struct fake *fake, const char *head, const char *text)
{
  begin_change(fake);
  fake->flood_head = head;
  fake->flood_text = text;
  end_change(fake);
}

void fake_arm(struct fake *fake, enum fake_fault fault, size_t n, const char *text)
{
  begin_change(fake);
  fake->fault = fault;
  fake->position = n;
  fake->insert = text;
  fake->bytes = fake->replies = fake->commands = 0;
  end_change(fake);
}

int fake_disarm(struct fake *fake)
{
  begin_change(fake);
  int has_struck = fake->fault == FAKE_NONE;
  fake->fault = FAKE_NONE;
  end_change(fake);
  return has_struck;
}

void fake_answer(struct fake *fake, const char *command, const char *line, int times)
{
  begin_change(fake);
  fake->answer_command = command;
  snprintf(fake->answer, sizeof fake->answer, "%s\r\n", line);
  fake->answer_times = times;
  end_change(fake);
}

struct fake_counts fake_counts(struct fake *fake)
{
  begin_change(fake);
  struct fake_counts counts = {fake->connects, fake->all_commands, fake->bytes, fake->fault == FAKE_NONE};
  pthread_mutex_unlock(&fake->lock);
  return counts;
}
