/* Figures as people read them. Each function returns its text by value, so that it can be written inside a
 * call of printf: printf("%s\n", text_count(n).s). */
#ifndef RUSH_TEXT_H
#define RUSH_TEXT_H

#include <stdint.h>
#include <stdio.h>

struct text {
  char s[32];
};

struct text text_count(uint64_t n);                  /* 310,000 */
struct text text_rate(double per_second);            /* 940, 41.2 k, 2.31 M */
struct text text_ns(uint64_t ns);                    /* 214 ns, 1.32 us, 4.80 ms, 2.13 s */
struct text text_ms(int64_t ms);                     /* 840 ms, 12.3 s, 2 min 31 s */
struct text text_clock(int64_t ms);                  /* 0:07, 12:31 */
struct text text_percent(double part, double whole); /* 57.3 %; a dash if whole is 0 */

/* Open path for writing; "-" is standard output. Returns NULL after saying on standard error what is wrong.
 */
FILE *text_open(const char *path);
/* Close it. Returns 0, or -1 likewise if anything written to it was lost, as the caller knows or as the file
 * says. */
int text_close(FILE *file, const char *path, int lost);

#endif
