/* The URI as it was given, and as it may be shown. */
#ifndef QK_URI_H
#define QK_URI_H

#include "args.h"

/* Take the first operand, or the first line of the file that it names as "@FILE", into args->uri. 0, or the
 * exit status after saying what is wrong. */
int uri_read(struct args *args);
/* 1 if the store is of the calling process alone. */
int uri_is_memory(const char *uri);
/* The URI without user and password. */
void uri_show(const char *uri, char *out, size_t size);

#endif
