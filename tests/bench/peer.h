/* The peer: what a C++ programmer would write in an afternoon for the same work. An order-statistics tree of
 * libstdc++ (__gnu_pbds) keyed by (class, number), and a std::unordered_map from the user's id. One thread,
 * no lock, no clock, no deadline, no limits: it does less than the library does per call, which favours the
 * peer. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct peer;

/* NULL without memory. */
struct peer *peer_create(void);
void peer_destroy(struct peer *peer);
/* Join the end of the line of class cls. 0: new; 1: was in it already; -1: no memory. */
int peer_enter(struct peer *peer, const char *user, uint32_t cls);
/* Set *position: 1 = next, 0 = admitted. -1 if nobody has that id. */
int peer_poll(const struct peer *peer, const char *user, uint64_t *position);
/* Admit the first max people, fewer if fewer wait. Returns how many. */
size_t peer_tick(struct peer *peer, size_t max);
/* Forget the user, waiting or admitted. -1 if nobody has that id. */
int peer_release(struct peer *peer, const char *user);

#ifdef __cplusplus
}
#endif

#endif
