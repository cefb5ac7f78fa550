/* The store that a rush is played on, and the queue that is made in it. */
#ifndef RUSH_STORE_H
#define RUSH_STORE_H

#include <stdint.h>
#include <qk.h>

struct rush;

/* A line of the library's log that was shown. */
struct store_line {
  uint64_t hash;
  int64_t shown_ns;
};
#define STORE_LINES 8

#define STORE_SHOWN_SIZE 160
#define STORE_QUEUE_SIZE 65

/* Open the store of the run. Returns 0, or -1 after saying on standard error what is wrong; so does
 * the next. */
int store_open(struct rush *rush);
/* Make the queue of the run. Nobody may be in it, or the account would not balance. */
int store_make_queue(struct rush *rush);
/* Remove the queue if this run made it, and close the store. */
void store_close(struct rush *rush);

/* The URI as it may be shown: without the password. */
void store_shown(const char *uri, char out[STORE_SHOWN_SIZE]);
/* A queue's name that no other run has: out holds it. */
void store_own_queue(char out[STORE_QUEUE_SIZE]);

#endif
