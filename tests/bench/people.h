/* The people of a benchmark: the same in every run. */
#ifndef BENCH_PEOPLE_H
#define BENCH_PEOPLE_H

#include <stdint.h>

#define PEOPLE_ID_SIZE 16 /* holds a 12-byte id */

/* The id of person who: 12 bytes. */
void people_id(char id[PEOPLE_ID_SIZE], uint32_t who);
/* A number below `below`, the same for the same turn. */
uint32_t people_random(uint64_t turn, uint32_t below);

#endif
