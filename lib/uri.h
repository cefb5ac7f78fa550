/* The URI that names a store: scheme:[//[user[:password]@]host[:port][,host...]][/path][?name=value&...] (RFC
 * 3986, with a list of hosts as MongoDB and libpq have it). */
#ifndef QKI_URI_H
#define QKI_URI_H

#include <qk_backend.h>

#define QKI_URI_HOSTS 16
#define QKI_URI_SETTINGS 16
#define QKI_URI_MAX 4096

/* A parsed URI with the memory that it points into. */
struct qki_uri {
  qk_uri uri;
  const char *hosts[QKI_URI_HOSTS];
  const char *names[QKI_URI_SETTINGS], *values[QKI_URI_SETTINGS];
  char text[QKI_URI_MAX];
};

/* Split and decode. QK_OK, or QK_EINVAL with the bad part named in err; a password never shows. */
int qki_uri_parse(struct qki_uri *out, const char *text, qk_error *err);
/* Take a setting with a whole number out: 1 and *value if it is there, 0 if not, QK_EINVAL if it is no number
 * in the range. */
int qki_uri_take(struct qki_uri *uri, const char *name, uint64_t min, uint64_t max, uint64_t *value,
                 qk_error *err);
/* QK_EINVAL, naming the nearest known one, if a setting is left that is not in known (may be NULL). */
int qki_uri_check_rest(const struct qki_uri *uri, const char *const *known, qk_error *err);

#endif
