/* One connection: bytes out, bytes in, and which reply belongs to what. Knows nothing of what commands mean.
 *
 * It has one life: after the first trouble it is closed, with its reader and everything unsent, so that no
 * late reply ever meets another request. */
#ifndef QKR_CONN_H
#define QKR_CONN_H

#include "command.h"
#include "reply.h"

struct qkr_node;

/* What to do with a reply. request is NULL where nobody waits for it any more. */
typedef void qkr_on_reply(struct qkr_node *node, struct qkr_request *request, const struct qkr_reply *reply);

/* A reply that is to come. */
struct qkr_expect {
  qkr_on_reply *on_reply;
  struct qkr_request *request;
  uint64_t offset; /* of the command's first byte in all that is written here */
};

struct qkr_conn {
  int fd; /* -1 = closed */
  struct qkr_reader *reader;
  struct qkr_buffer out;
  uint64_t written, received; /* bytes that the kernel took and gave */
  struct qkr_expect *expects; /* a ring, room is a power of two */
  size_t first, count, room;
  int64_t heard_us; /* last sign of life while something was expected */
};

void qkr_conn_init(struct qkr_conn *conn);
/* Take over a connected socket. QK_OK or QK_ENOMEM; the socket is closed with the connection. */
int qkr_conn_open(struct qkr_conn *conn, int fd);
void qkr_conn_close(struct qkr_conn *conn);

/* Append a command and expect its reply; nothing is sent yet. QK_OK, or QK_ENOMEM with nothing changed. */
int qkr_conn_put(struct qkr_conn *conn, struct qkr_command *command, qkr_on_reply *on_reply,
                 struct qkr_request *request);
/* Take back what was put since there were count expected replies and so many bytes unsent. */
void qkr_conn_rewind(struct qkr_conn *conn, size_t count, size_t unsent);
/* Send what the socket takes. QK_OK, or QK_ESTORE if it is broken. */
int qkr_conn_flush(struct qkr_conn *conn);
/* Read once. QK_OK; QK_EAGAIN if there is nothing; QK_ESTORE if it is broken or at its end; QK_ESTATE for
 * garbage; QK_ENOMEM. */
int qkr_conn_read(struct qkr_conn *conn);
/* The expected reply number i, from the oldest on. */
struct qkr_expect *qkr_conn_expect(const struct qkr_conn *conn, size_t i);
/* Take the oldest one. */
struct qkr_expect qkr_conn_take(struct qkr_conn *conn);
/* Bytes not sent yet. */
size_t qkr_conn_unsent(const struct qkr_conn *conn);

#endif
