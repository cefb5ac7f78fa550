/* Figures as people read them. Each function returns its text by value, so that it can be written inside a
 * call of printf: printf("%s\n", text_count(n).s). */
#ifndef QK_TEXT_H
#define QK_TEXT_H

#include <stdint.h>

struct text {
  char s[40];
};

struct text text_count(uint64_t n);       /* 310,000 */
struct text text_rate(double per_second); /* 0.25, 49.9, 1,230; a dash if it is below 0 */
struct text text_span(int64_t ms);        /* 0.8s, 12.3s, 2m 31s, 3h 05m, 2d 04h; a dash below 0 */
struct text text_bytes(uint64_t bytes);   /* 812 B, 1.5 MB, 12 GB */
struct text text_utc(int64_t unix_ms);    /* 2026-11-20 19:03:07 UTC */

#endif
