/* The store that the command line names, and what is said when it fails. */
#ifndef QK_STORE_H
#define QK_STORE_H

#include <qk.h>

#include "args.h"

struct store {
  qk_store *handle;
  char log[256]; /* the last warning or error that the library logged */
};

/* Open it, to look or to steer; a store in memory is warned of. 0, or the exit status after saying what is
 * wrong. */
int store_open(struct store *store, const struct args *args);
/* Open it with the secret that its tokens have. */
int store_open_for_tokens(struct store *store, const struct args *args);
/* Options for opening it, if that is done by others. */
int store_options(struct store *store, const struct args *args, qk_options *options);
void store_close(struct store *store);

/* Say that a call failed, on a queue or, with NULL, on the store. Returns the exit status. */
int store_fail(const struct store *store, int code, const char *queue);
/* The words for it alone. */
void store_describe(const struct store *store, int code, const char *queue, char *out, size_t size);

#endif
