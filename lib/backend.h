/* The list of backends that qk_open knows: those compiled in, and those registered at run time. */
#ifndef QKI_BACKEND_H
#define QKI_BACKEND_H

#include <qk_backend.h>

/* backends/builtin.c: NULL-terminated. */
extern const qk_backend_ops *const qki_builtin_backends[];

/* Name the schemes that are known, for a message: cut to size. */
void qki_backend_schemes(char *out, size_t size);

#endif
