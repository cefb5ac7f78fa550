/* naive.h: the smallest storage backend, for authors to start from. People in memory, in plain arrays. */
#ifndef NAIVE_H
#define NAIVE_H

/* Make "naive:" known to qk_open(). Once per process, before the first qk_open("naive:"). QK_OK, QK_ENOMEM,
 * or QK_EINVAL if it was done before. */
int naive_register(void);

#endif
