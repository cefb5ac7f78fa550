/* What an error reply means. */
#ifndef QKR_FAULT_H
#define QKR_FAULT_H

#include <stddef.h>

enum qkr_fault_kind {
  QKR_FAULT_NOSCRIPT, /* the script must be loaded */
  QKR_FAULT_MOVED,    /* the slot lives elsewhere */
  QKR_FAULT_ASK,      /* this once elsewhere */
  QKR_FAULT_LATER,    /* not executed; will pass by itself */
  QKR_FAULT_DOWN,     /* likewise; the cluster's map may have changed */
  QKR_FAULT_READONLY, /* a replica: look for the master */
  QKR_FAULT_FINAL     /* ends the request with code */
};

struct qkr_fault {
  enum qkr_fault_kind kind;
  int code;         /* what a request ends with if it ends so */
  const char *text; /* what it means and what to do; no line end */
  int quote;        /* 1: the server's own words say more, and hold no secret */
};

/* text is NUL-terminated. */
struct qkr_fault qkr_fault_of(const char *text);
/* Make a log line of a fault and the server's words: printable, cut to size. */
void qkr_fault_describe(const struct qkr_fault *fault, const char *words, char *out, size_t size);

#endif
