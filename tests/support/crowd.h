/* "crowd+redis+unix:", "crowd+redis+cluster:", ...: a backend that stands before the asynchronous one and
 * surrounds every verb with verbs of nobody, in the same list: polls, activations, extensions and releases
 * of people who never entered, by name and by token, in the verb's queue and in one that does not exist.
 * They change nothing, and nobody sees their answers; but whatever a test does travels in a batch of mixed
 * verbs. */
#ifndef TESTS_CROWD_H
#define TESTS_CROWD_H

/* Register "crowd+" before every scheme of the backend that has scheme. QK_OK, or what
 * qk_backend_register() says; QK_EINVAL for an unknown scheme, one without QK_CAP_ASYNC, or the second
 * time. */
int crowd_register(const char *scheme);
/* How many verbs of nobody were answered, in this process. */
unsigned long crowd_answers(void);

#endif
