/* What somebody who mistyped a word probably meant. */
#ifndef QK_NEAREST_H
#define QK_NEAREST_H

#include <stddef.h>

/* The one of count words that takes the fewest changes to make it word; NULL if count is 0. */
const char *nearest(const char *word, const char *const *words, size_t count);

#endif
