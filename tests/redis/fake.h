/* A server that misbehaves. It stands on a port of 127.0.0.1 between the library and a real server, passes
 * commands and replies on, and does to them what a test asks for. It works on a thread of its own; any
 * thread may call. What goes wrong in here ends the process with a message. */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include <stddef.h>
#include "servers.h"

struct fake;

struct fake *fake_start(const struct server *server);
void fake_stop(struct fake *fake);
/* "redis://127.0.0.1:PORT/" and query, valid until the next call. */
const char *fake_uri(const struct fake *fake, const char *query);

/* ---- As long as a mode lasts ----------------------------------------------------------------------- */

enum fake_mode {
  FAKE_PASS,  /* all goes through */
  FAKE_DEAD,  /* connections are closed, new ones as soon as they come */
  FAKE_FULL,  /* the same, but new ones are told that there are too many clients */
  FAKE_HOLE,  /* nothing moves; what came meanwhile goes on afterwards */
  FAKE_HOLD,  /* commands go on, replies wait until afterwards */
  FAKE_DRIP,  /* replies come at a byte each 250 ms */
  FAKE_FLOOD, /* each connection gets the text of fake_flood(), without end */
};
void fake_set(struct fake *fake, enum fake_mode mode);
/* For so long, then FAKE_PASS. */
void fake_set_for(struct fake *fake, enum fake_mode mode, int ms);
/* FAKE_FLOOD: first head, then text over and over. They must live as long as that. */
void fake_flood(struct fake *fake, const char *head, const char *text);

/* ---- Once ------------------------------------------------------------------------------------------ */

enum fake_fault {
  FAKE_NONE,
  FAKE_CUT,    /* the connection is closed instead of sending byte n, in good order, */
  FAKE_RESET,  /* or by a reset, */
  FAKE_DIE,    /* or the mode is FAKE_DEAD from then on */
  FAKE_GARBLE, /* byte n is sent with its highest bit turned */
  FAKE_CHANGE, /* with its lowest bit turned: another digit */
  FAKE_INSERT, /* text comes before byte n */
  FAKE_REPEAT, /* reply n comes twice */
  FAKE_LOSE,   /* command n is not passed on, and its connection is closed */
};
/* Bytes of replies, replies and commands are counted from 0, from now on, over all connections. text: for
 * FAKE_INSERT. */
void fake_arm(struct fake *fake, enum fake_fault fault, size_t n, const char *text);
/* Has it struck? What has not will not any more. */
int fake_disarm(struct fake *fake);

/* ---- Answers --------------------------------------------------------------------------------------- */

/* The next commands that begin with the word command get line, "-LOADING ...", and the real server does not
 * see them: times of them, -1 = until the next call. */
void fake_answer(struct fake *fake, const char *command, const char *line, int times);

struct fake_counts {
  unsigned long connects, commands; /* since it was started */
  size_t bytes;                     /* of replies since fake_arm() */
  int has_struck;                   /* the fault has */
};
struct fake_counts fake_counts(struct fake *fake);

#endif
