/* The secret that signs tokens, from the file that --key names. */
#ifndef QK_KEY_H
#define QK_KEY_H

#include <qk.h>

#include "args.h"

/* Put it into the options, which must not outlive the program. 0, or the exit status after saying what is
 * wrong. */
int key_read(const struct args *args, qk_options *options);

#endif
