/* One of several hosts, in a process of its own: it serves its share of the people, with a store of its own,
 * and does what the leading process says (rush_hosts.h). */
#ifndef RUSH_HOST_H
#define RUSH_HOST_H

#include <stdint.h>

struct rush;

/* Play host number `number`; fd leads to the leading process, which says start and stop. rush is a copy of
 * the leading process's. Returns the exit status. */
int host_main(struct rush *rush, uint64_t number, int fd);

/* For run_goes_on: report, and in virtual time wait for the next step and set rush->now_ms. */
int host_goes_on(struct rush *rush, int calls_under_way);

#endif
