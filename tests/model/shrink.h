/* Makes a failing trace small. */
#ifndef TESTS_MODEL_SHRINK_H
#define TESTS_MODEL_SHRINK_H

#include "compare.h"
#include "trace.h"

/* Take operations out of trace, and make those that stay simpler, as long as it still fails with the same
 * what as verdict, which is that of trace as given. Afterwards verdict is that of the smaller trace. Ends
 * after about limit_s seconds with what it has. */
void shrink(struct trace *trace, struct verdict *verdict, unsigned limit_s);

#endif
