/* A store that reaches its server through a fake one, beside it a second handle that sees the truth, and a
 * short life of a queue to play through both. */
#ifndef TESTS_NET_H
#define TESTS_NET_H

#include <check.h>
#include <stdint.h>
#include "fake.h"
#include "helpers.h"

/* ---- How long a call takes -------------------------------------------------------------------------- */

#define SLACK_MS 250

/* Before a call, */
void net_begin(void);
/* and after it: how long it took; */
int64_t net_took_ms(void);
/* the same without the time that this thread waited for a processor; */
int64_t net_worked_ms(void);
/* 1 if that is longer than timeout_ms and some slack. */
int net_is_late(uint32_t timeout_ms);

/* ---- The stores ------------------------------------------------------------------------------------- */

struct net {
  struct server *server;
  struct fake *fake;
  qk_store *store, *direct;
  uint32_t timeout_ms;
  unsigned queues;
  char queue[16]; /* of the present scene */
};

/* Stores with the fixture's clock; the one through the fake has this timeout. */
void net_open(struct net *net, uint32_t timeout_ms);
void net_close(struct net *net);
/* Another queue for the next scene, made by the second handle: 2 seats, calm. */
void net_new_queue(struct net *net);
/* Wait until the store through the fake answers again. */
void net_await(struct net *net);

/* ---- The scene: ann and bob enter, cid and dan in a batch, a tick, ann goes in, stays, leaves. ---- */

enum { SCENE_STEPS = 9, PICTURE_SIZE = 768 };

struct scene_step {
  const char *name;
  /* With the store through the fake; *out is the ticket that is looked at. */
  int (*call)(qk_store *store, const char *queue, qk_ticket *out);
  int reads;          /* it changes nothing */
  int ends_in_a_look; /* it can do without its last answer */
};
extern const struct scene_step scene_steps[SCENE_STEPS];

/* All that is true of the present queue, as text. */
void net_picture(const struct net *net, char picture[PICTURE_SIZE]);

/* How the scene goes when nothing is wrong. */
struct script {
  char after[SCENE_STEPS + 1][PICTURE_SIZE]; /* [0]: before the first step */
  qk_ticket tickets[SCENE_STEPS];
  size_t bytes[SCENE_STEPS + 1]; /* of replies, until then */
  unsigned long commands;
};
void net_rehearse(struct net *net, struct script *script);

/* Play one step on the present queue, and compare what it says with the truth:
 *   QK_OK        it happened, and the ticket is that of the rehearsal;
 *   QK_ESTORE    it did not;
 *   QK_EUNKNOWN  it did or not; where it did not, it is repeated without a fault.
 * No other code will do, and a failure not before the timeout. Returns the first code. */
int net_play_step(struct net *net, const struct script *script, int step);
/* All of them. Returns how many did not give QK_OK. */
int net_play(struct net *net, const struct script *script);

void add_byte_tests(TCase *tests); /* replies that are cut, garbled, too many */
void add_time_tests(TCase *tests); /* replies that are late, slow or never come */
void add_line_tests(TCase *tests); /* errors instead of replies */

#endif
