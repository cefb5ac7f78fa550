/* Values as people read them. */
#ifndef BENCH_FORMAT_H
#define BENCH_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include "figure.h"

#define FORMAT_SIZE 32

/* value with commas between the thousands. */
void format_count(char out[FORMAT_SIZE], uint64_t value);
/* A value with its unit; an absent one (-1) is empty. */
void format_value(char out[FORMAT_SIZE], enum unit unit, double value);
/* ">= 4 x peer", "<= 85.0 B"; empty without a goal. */
void format_goal(char out[FORMAT_SIZE], const struct figure *figure);

#endif
