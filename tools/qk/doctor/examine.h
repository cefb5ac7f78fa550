/* The doctor's look at a store on Redis. */
#ifndef QK_DOCTOR_EXAMINE_H
#define QK_DOCTOR_EXAMINE_H

#include "findings.h"
#include "tools/qk/args.h"

/* Fill findings. Returns 0, or the exit status after saying what is wrong with the URI. *reached: servers
 * that could be asked. */
int examine(const struct args *args, struct findings *findings, size_t *reached);

#endif
