/* The one list of the backends that are compiled in. */
#include <backend.h>

extern const qk_backend_ops qkm_backend;
#ifdef QK_WITH_REDIS
extern const qk_backend_ops qkr_backend;
#endif

const qk_backend_ops *const qki_builtin_backends[] = {&qkm_backend,
#ifdef QK_WITH_REDIS
                                                      &qkr_backend,
#endif
                                                      NULL};
