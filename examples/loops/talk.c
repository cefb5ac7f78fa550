#include "talk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Requests -------------------------------------------------------------------------------------- */

static struct request *add_request(struct talk *talk, size_t line_len)
{
  struct request *request = calloc(1, sizeof *request);
  if (!request)
    return NULL;
  memcpy(request->line, talk->in, line_len);
  request->talk = talk;
  request->op.size = sizeof request->op;
  request->op.ticket = &request->ticket;
  request->op.data = request;
  *talk->last = request;
  talk->last = &request->next;
  talk->asked++;
  return request;
}

static void remove_request(struct talk *talk, struct request **at)
{
  struct request *request = *at;
  *at = request->next;
  if (!*at)
    talk->last = at;
  talk->asked--;
  free(request->answer);
  free(request);
}

/* Write the answer. Without memory for it the connection will end. */
static void write_answer(struct request *request, int code, const char *text)
{
  static const char format[] = "{\"code\":%d,\"text\":\"%s\",\"token\":\"%s\",\"ticket\":%s}\n";
  char token[QK_TOKEN_SIZE]; /* stays empty for nobody */
  qk_token(request->talk->host->store, &request->ticket, token);
  char *ticket = qk_ticket_json(&request->ticket);
  const char *shown = ticket ? ticket : "null";
  size_t size = sizeof format + 11 + strlen(text) + strlen(token) + strlen(shown);
  request->is_done = 1;
  request->answer = malloc(size);
  if (request->answer)
    request->len = (size_t)snprintf(request->answer, size, format, code, text, token, shown);
  qk_free(ticket);
}

static int find_verb(const char *word)
{
  static const char *const verbs[] = {"", "enter", "poll", "activate", "extend", "release"};
  for (int verb = QK_ENTER; word && verb <= QK_RELEASE; verb++)
    if (!strcmp(word, verbs[verb]))
      return verb;
  return 0;
}

/* Make an op of the line. Whether the names are valid is for the library to say. */
static int parse(struct request *request)
{
  char *words[5] = {NULL}, *rest = NULL;
  int count = 0;
  for (char *at = request->line; count < 5 && (words[count] = strtok_r(at, " \r\n", &rest)); at = NULL)
    count++;
  qk_op *op = &request->op;
  op->verb = find_verb(words[0]);
  int has_class =
      count == 4 && op->verb == QK_ENTER && words[3][0] >= '0' && words[3][0] <= '7' && !words[3][1];
  if (has_class)
    op->cls = (uint32_t)(words[3][0] - '0');
  if (count == 2)
    op->token = words[1];
  op->queue = words[1];
  op->user = words[2];
  if (op->token)
    op->queue = NULL;
  return op->verb && (count == 3 || has_class || (count == 2 && op->verb != QK_ENTER)) ? 0 : -1;
}

/* ---- Lines in -------------------------------------------------------------------------------------- */

static void submit(struct talk *talk, struct request *request)
{
  request->is_submitted = host_submit(talk->host, &request->op) == 0;
  talk->stalled = request->is_submitted ? NULL : request;
}

/* Make a request of the first line. 0 if there is none. */
static int take_line(struct talk *talk)
{
  const char *end = memchr(talk->in, '\n', talk->len);
  if (!end && talk->len < LINE_SIZE)
    return 0;
  size_t len = end ? (size_t)(end - talk->in) + 1 : talk->len;
  struct request *request = add_request(talk, len - 1);
  talk->len -= len;
  memmove(talk->in, talk->in + len, talk->len);
  if (!request || !end)
    talk->is_over = 1;
  if (!request)
    return 0;
  if (!end)
    write_answer(request, QK_EINVAL, "the line is too long");
  else if (parse(request) != 0)
    write_answer(request, QK_EINVAL,
                 "enter|poll|activate|extend|release QUEUE USER, or a token, is expected");
  else
    submit(talk, request);
  return 1;
}

static void take_lines(struct talk *talk)
{
  if (talk->stalled && !talk->host->is_full)
    submit(talk, talk->stalled);
  while (!talk->host->is_full && talk->asked < ASKED_MAX && take_line(talk))
    ;
}

/* 1 if more may be read now: not before there is room for it all the way to the store. */
static int has_room(const struct talk *talk)
{
  return !talk->is_over && !talk->host->is_full && talk->asked < ASKED_MAX && talk->len < LINE_SIZE;
}

static void receive(struct talk *talk)
{
  if (!has_room(talk))
    return;
  ssize_t got = recv(talk->watch.fd, talk->in + talk->len, LINE_SIZE - talk->len, 0);
  if (got > 0)
    talk->len += (size_t)got;
  else if (got == 0 || (errno != EAGAIN && errno != EINTR))
    talk->is_over = 1;
}

/* ---- Answers out ----------------------------------------------------------------------------------- */

/* Write the answers that are next. Returns how many were, -1 if the other side is gone. */
static int send_answers(struct talk *talk)
{
  int count = 0;
  for (struct request *request; (request = talk->first) && request->is_done; count++) {
    if (!request->answer)
      return -1;
    ssize_t sent =
        send(talk->watch.fd, request->answer + request->sent, request->len - request->sent, MSG_NOSIGNAL);
    if (sent < 0)
      return errno == EAGAIN || errno == EINTR ? count : -1;
    request->sent += (size_t)sent;
    if (request->sent < request->len)
      return count;
    remove_request(talk, &talk->first);
  }
  return count;
}

/* ---- Connections ----------------------------------------------------------------------------------- */

static void talk_ready(struct watch *watch)
{
  struct talk *talk = watch->owner;
  struct host *host = talk->host;
  talk_go_on(talk);
  host_rest(host);
}

void talk_begin(struct host *host, int fd)
{
  struct talk *talk = calloc(1, sizeof *talk);
  if (!talk) {
    close(fd);
    return;
  }
  talk->watch = (struct watch){.fd = fd, .ready = talk_ready, .owner = talk};
  talk->host = host;
  talk->last = &talk->first;
  talk->next = host->talks ? host->talks : talk;
  talk->prev = host->talks ? host->talks->prev : talk;
  talk->next->prev = talk->prev->next = talk;
  host->talks = talk;
  host->talk_count++;
  talk_go_on(talk);
}

static void hang_up(struct talk *talk)
{
  if (talk->watch.fd < 0)
    return;
  loop_watch(talk->host->loop, &talk->watch, 0);
  close(talk->watch.fd);
  talk->watch.fd = -1;
}

int talk_free(struct talk *talk)
{
  int unanswered = talk->watch.fd < 0 ? 0 : talk->asked;
  hang_up(talk);
  while (talk->first)
    remove_request(talk, &talk->first);
  talk->next->prev = talk->prev;
  talk->prev->next = talk->next;
  talk->host->talk_count--;
  if (talk->host->talks == talk)
    talk->host->talks = talk->next == talk ? NULL : talk->next;
  free(talk);
  return unanswered;
}

/* Forget the requests of somebody who is gone, but for those that the store has. */
static void drop(struct talk *talk)
{
  hang_up(talk);
  talk->stalled = NULL;
  for (struct request **at = &talk->first; *at;)
    if ((*at)->is_submitted && !(*at)->is_done)
      at = &(*at)->next;
    else
      remove_request(talk, at);
  if (!talk->first)
    talk_free(talk);
}

void talk_go_on(struct talk *talk)
{
  int sent = -1;
  if (talk->watch.fd >= 0) {
    receive(talk);
    do {
      take_lines(talk);
      sent = send_answers(talk);
    } while (sent > 0); /* each of them makes room for a line that was read before */
  }
  int events = (has_room(talk) ? WATCH_READ : 0) | (talk->first && talk->first->is_done ? WATCH_WRITE : 0);
  int is_served = talk->is_over && !talk->first && !talk->host->is_full;
  if (sent < 0 || is_served || loop_watch(talk->host->loop, &talk->watch, events) != 0)
    drop(talk);
}

void talk_answer(struct request *request)
{
  write_answer(request, request->op.result, qk_strerror(request->op.result));
  talk_go_on(request->talk);
}
