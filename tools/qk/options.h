/* The options that there are. */
#ifndef QK_OPTIONS_H
#define QK_OPTIONS_H

#include "args.h"

struct option {
  const char *name, *value; /* value: what it takes, for the help; NULL: nothing */
  char letter;
  unsigned commands; /* a TAKES_ bit; 0: every command */
  int (*read)(const struct option *option, struct args *args, const char *value);
  size_t offset; /* in struct args */
  const char *help;
};

extern const struct option option_table[];
extern const size_t option_count;

#endif
