/* Queues over time: the last look at each, how it moved since the one before, and how many waited earlier. */
#ifndef QK_TRACKS_H
#define QK_TRACKS_H

#include "sample.h"

enum { PAST = 512 };                                    /* looks that are remembered */
enum curve { WAITING_PAST, IN_PAST, OUT_PAST, CURVES }; /* and what of them */

struct track {
  struct sample now;
  int64_t at_ms;             /* monotonic */
  double in_per_s;           /* entered; -1: seen once */
  double out_per_s;          /* admitted; likewise */
  double past[CURVES][PAST]; /* rings, one value per look */
  size_t looks;              /* ever: the newest is at (looks - 1) % PAST */
  int is_fresh;              /* seen in this round */
};

struct tracks {
  struct track **list; /* sorted by name */
  size_t count, room;
  int code;          /* of the last round; QK_OK, or what failed */
  char trouble[512]; /* then: in words */
  int64_t since_ms;  /* then: since when, monotonic */
};

/* Look at all queues, or at one. A queue that is gone is forgotten; where the store fails the last look
 * stays. */
void tracks_look(struct tracks *tracks, struct store *store, const char *queue);
void tracks_finish(struct tracks *tracks);
/* The queue as JSON, with in_per_s and out_per_s; null where they are unknown. */
json_t *track_json(const struct track *track);

#endif
