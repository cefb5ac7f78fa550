#include "recent.h"

#include <string.h>

/* Names of a service often differ in length and at their end. */
static size_t place_of(const char *text, size_t len)
{
  return (len + (unsigned char)text[len - 1]) % QKI_RECENT_PLACES;
}

/* The next eight bytes, fewer at the end. */
static uint64_t word_at(const char *text, size_t len, size_t at)
{
  uint64_t word = 0;
  memcpy(&word, text + at, len - at < sizeof word ? len - at : sizeof word);
  return word;
}

int qki_recent_find(const struct qki_recent *recent, const char *text, size_t len, uint64_t *hash)
{
  const struct qki_recent_place *place = &recent->place[place_of(text, len)];
  uint32_t version = atomic_load_explicit(&place->version, memory_order_acquire);
  if (version == 0 || version % 2 == 1 || atomic_load_explicit(&place->len, memory_order_acquire) != len)
    return 0;
  for (size_t i = 0; i * 8 < len; i++)
    if (atomic_load_explicit(&place->words[i], memory_order_acquire) != word_at(text, len, i * 8))
      return 0;
  *hash = atomic_load_explicit(&place->hash, memory_order_acquire);
  return atomic_load_explicit(&place->version, memory_order_relaxed) == version;
}

void qki_recent_keep(struct qki_recent *recent, const char *text, size_t len, uint64_t hash)
{
  struct qki_recent_place *place = &recent->place[place_of(text, len)];
  uint32_t version = atomic_load_explicit(&place->version, memory_order_relaxed);
  if (version % 2 == 1 ||
      !atomic_compare_exchange_strong_explicit(&place->version, &version, version + 1, memory_order_acquire,
                                               memory_order_relaxed))
    return;
  atomic_store_explicit(&place->len, (uint32_t)len, memory_order_release);
  atomic_store_explicit(&place->hash, hash, memory_order_release);
  for (size_t i = 0; i * 8 < len; i++)
    atomic_store_explicit(&place->words[i], word_at(text, len, i * 8), memory_order_release);
  atomic_store_explicit(&place->version, version + 2, memory_order_release);
}
