/* Counts of the recent past by slot of time: the rate window and the outflow. A ring of the last
 * QK_WINDOW_SLOTS slots. */
#ifndef QKI_WINDOW_H
#define QKI_WINDOW_H

#include <qk_backend.h>

/* Count n in a slot. A slot before the newest counts as the newest. O(slots skipped), at most
 * QK_WINDOW_SLOTS. */
void qki_window_add(qk_window *window, int64_t slot, uint64_t n);
/* The sum of slots oldest and later; oldest is at most QK_WINDOW_SLOTS - 1 before the newest that matters. */
uint64_t qki_window_sum(const qk_window *window, int64_t oldest);
/* What slot holds; 0 outside the ring. */
uint64_t qki_window_count(const qk_window *window, int64_t slot);

#endif
