/* The queues and people of the model test: numbers in the oracle and in a trace, texts towards the library.
 */
#ifndef TESTS_MODEL_NAMES_H
#define TESTS_MODEL_NAMES_H

#include <stdint.h>

#define NAMES_QUEUES 6
#define NAMES_USER_SIZE 129

/* The name of a queue, 0 to NAMES_QUEUES - 1. They are chosen to be mistaken for each other. */
const char *names_queue(uint32_t queue);
/* Write a person's id to out: short, long, with and without multi-byte characters. */
void names_user(uint32_t user, char out[NAMES_USER_SIZE]);

#endif
