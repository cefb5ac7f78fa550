/* A connection to one server, on which one question is asked after the other. */
#ifndef QK_DOCTOR_LINK_H
#define QK_DOCTOR_LINK_H

#include <hiredis/hiredis.h>

#include "target.h"

struct link {
  redisContext *context; /* NULL: not connected */
  char trouble[256];     /* why not, or why the last question got no answer */
};

/* Connect and log in; database: SELECT it. 0, or -1 with trouble. */
int link_open(struct link *link, const struct target *target, const struct address *address);
/* The same without a login. */
int link_open_bare(struct link *link, const struct target *target, const struct address *address);
int link_log_in(struct link *link, const struct target *target);
void link_close(struct link *link);

/* Ask, formatted as by hiredis. The answer is the caller's, freed with freeReplyObject(). NULL with trouble
 * where there is none, or where it is an error. */
redisReply *link_ask(struct link *link, const char *format, ...);
/* Ask, and time it: microseconds; -1 with trouble. */
int64_t link_time(struct link *link, const char *command);

#endif
