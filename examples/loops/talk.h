/* The connections of the host: lines in, answers out. */
#ifndef LOOPS_TALK_H
#define LOOPS_TALK_H

#include <stddef.h>
#include <qk.h>
#include "host.h"

enum {
  LINE_SIZE = 1024, /* a request and its line end: most of it may be a token */
  ASKED_MAX = 16    /* requests of one connection without an answer; what comes after them is not read yet */
};

/* From when its line was read until its answer is written. While the store has the op, from qk_submit() to
 * qk_reap(), it stays where it is, whatever becomes of the connection. */
struct request {
  qk_op op;
  qk_ticket ticket;
  struct talk *talk;
  struct request *next;
  int is_submitted, is_done;
  char line[LINE_SIZE]; /* op points into it */
  char *answer;
  size_t len, sent; /* of the answer */
};

struct talk {
  struct watch watch; /* fd -1: the other side is gone */
  struct host *host;
  struct talk *next, *prev;      /* a ring */
  struct request *first, **last; /* in the order of their lines */
  struct request *stalled;       /* the last one, if the store had no room for it */
  int asked;                     /* how many they are */
  int is_over;                   /* no more is read */
  size_t len;
  char in[LINE_SIZE];
};

struct host {
  struct loop *loop;
  qk_store *store;
  const char *path;
  struct watch listener, store_watch;
  struct talk *talks; /* whose turn it is; NULL = nobody's */
  size_t talk_count;
  size_t submitted; /* ops that the store has, with the tick */
  int is_full;      /* its window was: no line is taken until ops are back */
  int stops;        /* calls of host_stop() */
  int tick_is_due;
  qk_op tick;
  qk_tick_report report;
};

/* Take a new connection; close it if there is no memory. */
void talk_begin(struct host *host, int fd);
/* Do all that can be done now: read, submit, write. May free the talk. */
void talk_go_on(struct talk *talk);
/* Free it and its requests, none of which the store has. Returns how many answers somebody still waits for.
 */
int talk_free(struct talk *talk);
/* The store has handed back a request. May free the talk. */
void talk_answer(struct request *request);

/* Submit one op: 0, or -1 if there is no room for it now. */
int host_submit(struct host *host, qk_op *op);
/* End the loop if that was asked for and nothing is left to do. */
void host_rest(struct host *host);

#endif
