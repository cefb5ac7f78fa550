#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "poller.h"

#define READ_BYTES 65536

void qkr_conn_init(struct qkr_conn *conn)
{
  *conn = (struct qkr_conn){.fd = -1};
}

int qkr_conn_open(struct qkr_conn *conn, int fd)
{
  conn->fd = fd;
  conn->reader = qkr_reader_create();
  return conn->reader ? QK_OK : QK_ENOMEM;
}

void qkr_conn_close(struct qkr_conn *conn)
{
  if (conn->fd >= 0)
    close(conn->fd);
  qkr_reader_destroy(conn->reader);
  qkr_buffer_finish(&conn->out);
  free(conn->expects);
  qkr_conn_init(conn);
}

struct qkr_expect *qkr_conn_expect(const struct qkr_conn *conn, size_t i)
{
  return &conn->expects[(conn->first + i) & (conn->room - 1)];
}

static int grow(struct qkr_conn *conn)
{
  size_t room = conn->room ? conn->room * 2 : 64;
  struct qkr_expect *expects = malloc(room * sizeof *expects);
  if (!expects)
    return QK_ENOMEM;
  for (size_t i = 0; i < conn->count; i++)
    expects[i] = *qkr_conn_expect(conn, i);
  free(conn->expects);
  conn->expects = expects;
  conn->first = 0;
  conn->room = room;
  return QK_OK;
}

int qkr_conn_put(struct qkr_conn *conn, struct qkr_command *command, qkr_on_reply *on_reply,
                 struct qkr_request *request)
{
  uint64_t offset = conn->written + qkr_conn_unsent(conn);
  if ((conn->count == conn->room && grow(conn) != QK_OK) || qkr_command_format(command, &conn->out) != QK_OK)
    return QK_ENOMEM;
  if (conn->count == 0)
    conn->heard_us = qkr_now_us();
  *qkr_conn_expect(conn, conn->count++) = (struct qkr_expect){on_reply, request, offset};
  return QK_OK;
}

void qkr_conn_rewind(struct qkr_conn *conn, size_t count, size_t unsent)
{
  conn->count = count;
  conn->out.end = conn->out.start + unsent;
}

int qkr_conn_flush(struct qkr_conn *conn)
{
  while (conn->out.start < conn->out.end) {
    ssize_t sent =
        send(conn->fd, conn->out.bytes + conn->out.start, conn->out.end - conn->out.start, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0)
      return errno == EAGAIN || errno == EWOULDBLOCK ? QK_OK : QK_ESTORE;
    conn->out.start += (size_t)sent;
    conn->written += (uint64_t)sent;
  }
  return QK_OK;
}

int qkr_conn_read(struct qkr_conn *conn)
{
  char bytes[READ_BYTES];
  ssize_t got;
  while ((got = recv(conn->fd, bytes, sizeof bytes, 0)) < 0 && errno == EINTR)
    ;
  if (got < 0)
    return errno == EAGAIN || errno == EWOULDBLOCK ? QK_EAGAIN : QK_ESTORE;
  if (got == 0)
    return QK_ESTORE;
  conn->heard_us = qkr_now_us();
  conn->received += (uint64_t)got;
  return qkr_reader_feed(conn->reader, bytes, (size_t)got);
}

struct qkr_expect qkr_conn_take(struct qkr_conn *conn)
{
  struct qkr_expect expect = *qkr_conn_expect(conn, 0);
  conn->first = (conn->first + 1) & (conn->room - 1);
  conn->count--;
  return expect;
}

size_t qkr_conn_unsent(const struct qkr_conn *conn)
{
  return conn->out.end - conn->out.start;
}
