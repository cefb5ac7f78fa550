/* Codes, their texts, and the caller-owned qk_error. */
#ifndef QKI_ERROR_H
#define QKI_ERROR_H

#include <qk_backend.h>

/* Set err (may be NULL) to "no error". */
void qki_error_clear(qk_error *err);
/* A code as qk.h names it, without "QK_". */
const char *qki_error_name(int code);
/* Whether a code tells of trouble that somebody should read about in the log, not of a plain refusal. */
int qki_error_is_trouble(int code);

#endif
