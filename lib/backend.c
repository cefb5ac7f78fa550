#include "backend.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct registered {
  struct registered *next;
  qk_backend_ops ops;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct registered *registry;

static int has_scheme(const qk_backend_ops *ops, const char *scheme)
{
  for (const char *const *one = ops->schemes; *one; one++)
    if (!strcmp(*one, scheme))
      return 1;
  return 0;
}

static const qk_backend_ops *find_locked(const char *scheme)
{
  for (const qk_backend_ops *const *one = qki_builtin_backends; *one; one++)
    if (has_scheme(*one, scheme))
      return *one;
  for (const struct registered *one = registry; one; one = one->next)
    if (has_scheme(&one->ops, scheme))
      return &one->ops;
  return NULL;
}

const qk_backend_ops *qk_backend_find(const char *scheme)
{
  if (!scheme)
    return NULL;
  pthread_mutex_lock(&lock);
  const qk_backend_ops *ops = find_locked(scheme);
  pthread_mutex_unlock(&lock);
  return ops;
}

/* Whether every slot is there that the capabilities call for. */
static int is_complete(const qk_backend_ops *ops)
{
  int required = ops->open && ops->close && ops->list && ops->set_policy && ops->remove && ops->name &&
                 ops->schemes && ops->schemes[0];
  int shared = !(ops->caps & QK_CAP_SHARED) || ops->secret;
  if (ops->caps & QK_CAP_ASYNC)
    return required && shared && ops->start && ops->process && ops->fd;
  return required && shared && ops->run && ops->tick_slice && ops->queues && ops->get_policy && ops->stats &&
         ops->cursor && (!(ops->caps & QK_CAP_SHARED) || ops->lease);
}

int qk_backend_register(const qk_backend_ops *ops)
{
  if (!ops || ops->size != sizeof *ops || !is_complete(ops))
    return QK_EINVAL;
  struct registered *entry = malloc(sizeof *entry);
  if (!entry)
    return QK_ENOMEM;
  entry->ops = *ops;
  pthread_mutex_lock(&lock);
  int taken = 0;
  for (const char *const *scheme = ops->schemes; *scheme; scheme++)
    taken |= find_locked(*scheme) != NULL;
  if (!taken) {
    entry->next = registry;
    registry = entry;
  }
  pthread_mutex_unlock(&lock);
  if (taken)
    free(entry);
  return taken ? QK_EINVAL : QK_OK;
}

static size_t add_schemes(const qk_backend_ops *ops, char *out, size_t size, size_t at)
{
  for (const char *const *scheme = ops->schemes; *scheme && at < size; scheme++)
    at += (size_t)snprintf(out + at, size - at, "%s%s:", at ? ", " : "", *scheme);
  return at;
}

void qki_backend_schemes(char *out, size_t size)
{
  size_t at = 0;
  out[0] = '\0';
  pthread_mutex_lock(&lock);
  for (const qk_backend_ops *const *one = qki_builtin_backends; *one; one++)
    at = add_schemes(*one, out, size, at);
  for (const struct registered *one = registry; one; one = one->next)
    at = add_schemes(&one->ops, out, size, at);
  pthread_mutex_unlock(&lock);
}
