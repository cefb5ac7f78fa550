/* The range tables of the public in-structs: one place for names, ranges and the texts that name a bad field.
 */
#ifndef QKI_LIMITS_H
#define QKI_LIMITS_H

#include <stddef.h>

#include <qk_backend.h>

#define QKI_TIMEOUT_MAX 86400000
#define QKI_CURSOR_MAX 86400000

struct qki_field {
  const char *name;
  size_t offset, width; /* bytes into the struct; 4 or 8 */
  uint64_t min, max;
  uint64_t least; /* the least value besides 0; 0 = no such bound */
};

/* All settable fields of qk_policy in their order; mode is one of them. */
extern const struct qki_field qki_policy_fields[];
extern const size_t qki_policy_field_count;

uint64_t qki_field_get(const struct qki_field *field, const void *object);
void qki_field_set(const struct qki_field *field, void *object, uint64_t value);

/* Check one value, or whole structs: QK_OK, or QK_EINVAL with the field, its value and its range in err. */
int qki_field_check(const struct qki_field *field, uint64_t value, const char *prefix, qk_error *err);
int qki_policy_check(const qk_policy *policy, const char *prefix, qk_error *err);
int qki_options_check(const qk_options *options, qk_error *err);

/* 1 if all n words are 0. */
int qki_all_zero(const uint64_t *words, size_t n);

#endif
