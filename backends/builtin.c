/* The one list of the backends that are compiled in. */
#include <backend.h>

extern const qk_backend_ops qkm_backend;

const qk_backend_ops *const qki_builtin_backends[] = {&qkm_backend, NULL};
