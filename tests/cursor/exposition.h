/* A strict reader of Prometheus' text format, version 0.0.4: what it refuses no scraper needs to understand.
 */
#ifndef TESTS_CURSOR_EXPOSITION_H
#define TESTS_CURSOR_EXPOSITION_H

#include <stddef.h>

enum { EXPOSITION_LABELS = 8, EXPOSITION_NAME = 64, EXPOSITION_VALUE = 160 };

struct exposition_label {
  char name[EXPOSITION_NAME], value[EXPOSITION_VALUE]; /* unescaped */
};

struct exposition_sample {
  char name[EXPOSITION_NAME];
  size_t family; /* index */
  struct exposition_label labels[EXPOSITION_LABELS];
  size_t label_count;
  double value;
};

struct exposition_family {
  char name[EXPOSITION_NAME], type[16];
};

struct exposition {
  struct exposition_family *families;
  struct exposition_sample *samples;
  size_t family_count, sample_count;
  char error[256]; /* "" = none */
};

/* Read text. HELP and TYPE stand once, in this order, before the samples of their family, which stand
 * together; counters end with _total; no series comes twice; no value is NaN, none but a gauge is negative;
 * the buckets of a histogram rise and cumulate, and the last is +Inf and equal to _count. What breaks this is
 * error. */
struct exposition *exposition_read(const char *text);
void exposition_free(struct exposition *exposition);

/* The one sample of a name with all these labels ("queue", "hall", ..., NULL); NULL if none or several. */
const struct exposition_sample *exposition_find(const struct exposition *exposition, const char *name, ...);
/* The value of a label; "" if it is not there. */
const char *exposition_label(const struct exposition_sample *sample, const char *name);
/* 1 if the two are the same series, of two pages too; but for a label (NULL = none). */
int exposition_same(const struct exposition_sample *a, const struct exposition_sample *b, const char *but);

#endif
