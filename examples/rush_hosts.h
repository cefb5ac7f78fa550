/* Several hosts that share the queue: a process each, and this one, which leads them. It makes the queue,
 * tells them when to start and to stop and, in virtual time, each step; it watches, and in the end judges
 * what all of them have written down. */
#ifndef RUSH_HOSTS_H
#define RUSH_HOSTS_H

#include <stddef.h>
#include <stdint.h>

struct rush;

/* Start the hosts of rush->options and set rush->hosts. No store may be open yet. Returns 0, or -1 after
 * saying on standard error what is wrong; so does the next. */
int hosts_start(struct rush *rush);
/* Let them play, until all is over. */
int hosts_play(struct rush *rush);
/* Then gather and judge what each has written down, and fill rush with it. */
int hosts_judge(struct rush *rush);
/* Wait until all are gone, and free everything. */
void hosts_finish(struct rush *rush);

/* Of host i: how many people it served, and how many were let in by its ticks and calls. */
uint64_t hosts_people(const struct rush *rush, size_t i);
uint64_t hosts_admitted(const struct rush *rush, size_t i);

#endif
