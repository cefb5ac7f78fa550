/* From qk_op to qk_work: what callers hand in, checked. */
#ifndef QKI_OPS_H
#define QKI_OPS_H

#include <qk_backend.h>

#include "token.h"

/* End an op that is no op, or a tick that names a person: 1 if so. */
int qki_op_refused(qk_op *op);
/* Make a work of an op that is neither refused nor a tick: QK_OK, QKI_ANSWERED, or the code that ends the
 * op. Clears the ticket. claims gives the names of a token room and must live as long. like (may be NULL) is
 * a work of the same call: if it has the queue from the same pointer, its name serves again. */
int qki_op_prepare(qk_store *store, const qk_op *op, qk_work *work, struct qki_claims *claims,
                   const qk_work *like);
/* End an op that was not carried out, or nobody knows: with code, unless it was bad anyway. */
void qki_op_give_up(qk_store *store, qk_op *op, int code);
/* End a tick with code and report. */
void qki_op_ticked(qk_store *store, qk_op *op, int code, const qk_tick_report *report);

#endif
