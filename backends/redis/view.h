/* From the answer of view.lua to what the library keeps of a queue. */
#ifndef QKR_VIEW_H
#define QKR_VIEW_H

#include "head.h"

/* Read what follows the head. QK_OK, with *out filled; QK_ESTATE: the policy is none; or QKR_NONSENSE. */
int qkr_view_read(struct qkr_walk *walk, const struct qkr_head *head, qk_view *out);

#endif
