/* The rows for people and for programs. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdint.h>
#include "rows.h"

struct report_setting {
  const char *title;   /* what was measured, and beside what; whole lines */
  const char *notes;   /* how; whole lines */
  const char *machine; /* processor */
  int cpu;             /* pinned to this one; -1: not pinned */
  size_t rounds;
};

/* Print to standard output. */
void report_table(const struct rows *rows, const struct report_setting *setting);
/* Write a JSON file: the setting and an array of rows. -1 if it cannot be written. */
int report_json(const struct rows *rows, const struct report_setting *setting, const char *path);
/* value with commas between the thousands. */
void report_count(char *out, size_t size, uint64_t value);

#endif
