/* The commands. Each returns the exit status. */
#ifndef QK_RUN_H
#define QK_RUN_H

#include "args.h"

int run_stats(const struct args *args);
int run_queues(const struct args *args);
int run_watch(const struct args *args);
int run_policy(const struct args *args);
int run_open(const struct args *args);
int run_hold(const struct args *args);
int run_drain(const struct args *args);
int run_close(const struct args *args);
int run_bypass(const struct args *args);
int run_remove(const struct args *args);
int run_verify(const struct args *args);
int run_doctor(const struct args *args);

#endif
