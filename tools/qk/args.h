/* The command line: which command, with which options and operands. */
#ifndef QK_ARGS_H
#define QK_ARGS_H

#include <stddef.h>
#include <stdint.h>

enum { OPERANDS = 32, URI_SIZE = 4097 };

struct args {
  const struct command *command;
  const char *operands[OPERANDS]; /* what follows the command; the URI is the first */
  size_t count;
  char uri[URI_SIZE]; /* operands[0], or what the file says that it names */
  const char *key, *load;
  uint64_t timeout_ms, interval_ms, rounds; /* 0: not given */
  uint32_t json, no_color, help, version, ascii, create, yes, strict;
};

/* Bits of the options that only some commands have. */
enum {
  TAKES_CREATE = 1,
  TAKES_YES = 2,
  TAKES_STRICT = 4,
  TAKES_LOAD = 8,
  TAKES_WATCH = 16 /* --interval, --count, --ascii */
};

struct command {
  const char *name;
  const char *synopsis; /* the operands */
  const char *summary;  /* for the list of commands */
  const char *details;  /* for its own help */
  size_t least, most;   /* operands */
  unsigned options;     /* TAKES_ bits */
  int (*run)(const struct args *args);
};

/* All of them; the last one has no name. */
extern const struct command commands[];

/* 0, or the exit status after saying what is wrong. */
int args_parse(struct args *args, int argc, char **argv);

/* Help for the tool, or for one command. */
void help_print(const struct command *command);

#endif
