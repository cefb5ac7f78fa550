/* The names of a store's queues. */
#ifndef QK_NAMES_H
#define QK_NAMES_H

#include <stddef.h>

#include "store.h"

enum { NAME_SIZE = 65 };

struct names {
  char (*list)[NAME_SIZE]; /* sorted */
  size_t count, room;
};

/* Read them all: a code of qk.h. What was read before it failed is there too. */
int names_read(struct names *names, const struct store *store);
void names_finish(struct names *names);

#endif
