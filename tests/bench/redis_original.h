/* The peers: what the first system of this kind did for the same work, written anew from a description of
 * its behaviour. It kept a sorted set of those who wait by the time at which they came, a sorted set of those
 * inside by the end of their time, and a hash per person inside. It checks less than the library does: no
 * classes, no rate, no totals, no lost writes. */
#ifndef BENCH_REDIS_ORIGINAL_H
#define BENCH_REDIS_ORIGINAL_H

#include <stdint.h>
#include <hiredis/hiredis.h>

#define ORIGINAL_WAIT "queue:wait:{sale}"
#define ORIGINAL_INSIDE "queue:active:{sale}"
#define ORIGINAL_TOKEN "active:token:{sale}:"

enum { ORIGINAL_ENTER, ORIGINAL_STATUS, ORIGINAL_MOVE, ORIGINAL_SCRIPTS };

struct original {
  char sha[ORIGINAL_SCRIPTS][48];
};

/* Make the server know the scripts. Each of these: -1 after saying what is wrong. */
int original_load(redisContext *context, struct original *original);
/* Let people from first on wait, by pipelined ZADDs. */
int original_fill(redisContext *context, uint32_t first, uint32_t count);
/* One person enters, or asks; one call. */
int original_enter(redisContext *context, const struct original *original, uint32_t who);
int original_status(redisContext *context, const struct original *original, uint32_t who);
/* Move that many from waiting to inside, in one call. */
int original_move(redisContext *context, const struct original *original, uint32_t count);

/* The six plain commands of an enter without scripts, step 0 to 5, as they go over the wire. Returns the
 * length. */
#define ORIGINAL_STEPS 6
int original_step(char *out, uint32_t size, uint32_t who, int step);
/* The one script call. */
int original_script_call(char *out, uint32_t size, const struct original *original, uint32_t who);

#endif
