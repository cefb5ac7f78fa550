/* The Lua scripts, embedded by scripts.sh: prelude.lua and one file each, with the SHA-1 of the text. */
#ifndef QKR_SCRIPT_H
#define QKR_SCRIPT_H

#include <stddef.h>

struct qkr_script {
  const char *name;
  const char *text; /* not NUL-terminated */
  size_t len;
  const char *sha1; /* 40 hexadecimal digits */
  int number;       /* its place below */
};

extern const struct qkr_script qkr_script_verbs, qkr_script_tick, qkr_script_view, qkr_script_confirm,
    qkr_script_policy, qkr_script_list, qkr_script_remove, qkr_script_lease, qkr_script_enlist,
    qkr_script_delist, qkr_script_probe;
/* All of them, and their names, by number; NULL-terminated. */
extern const struct qkr_script *const qkr_scripts[];
extern const char *const qkr_script_names[];

#endif
