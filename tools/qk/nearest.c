#include "nearest.h"

#include <string.h>

#define LONGEST 40

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

/* Levenshtein's distance of the first LONGEST bytes, a row of the matrix at a time. */
static size_t distance(const char *a, const char *b)
{
  size_t row[LONGEST + 1];
  const size_t rows = least(strlen(a), LONGEST), columns = least(strlen(b), LONGEST);
  for (size_t j = 0; j <= columns; j++)
    row[j] = j;
  for (size_t i = 1; i <= rows; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= columns; j++) {
      size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = least(change, least(row[j], row[j - 1]) + 1);
    }
  }
  return row[columns];
}

const char *nearest(const char *word, const char *const *words, size_t count)
{
  const char *best = NULL;
  size_t best_distance = 0;
  for (size_t i = 0; i < count; i++) {
    size_t here = distance(word, words[i]);
    if (best == NULL || here < best_distance) {
      best = words[i];
      best_distance = here;
    }
  }
  return best;
}
