#include "token.h"

#include <string.h>

#include "base64.h"
#include "limits.h"
#include "names.h"

#define TOKEN_VERSION 1
#define MAC crypto_verify_32_BYTES

/* Where the fields are. Of every version: the first byte is the version, the last MAC bytes are the MAC. */
enum {
  AT_VERSION = 0,
  AT_KIND = 1,
  AT_CLASS = 2,
  AT_QUEUE_LEN = 3,
  AT_USER_LEN = 4,
  AT_KEY_ID = 5,
  AT_NUMBER = AT_KEY_ID + QKI_KEY_ID,
  AT_EPOCH = AT_NUMBER + 7,
  AT_EXPIRY = AT_EPOCH + 7,
  AT_NAMES = AT_EXPIRY + 8
};
#define BODY_MAX (AT_NAMES + QK_QUEUE_MAX + QK_USER_MAX)
#define RAW_MAX (BODY_MAX + MAC)
/* A later version may be longer than this one: whatever QK_TOKEN_SIZE holds is read. */
#define READ_MAX ((QK_TOKEN_SIZE - 1) / 4 * 3 + 3)

static const char label[] = "libqueue token key, version 1";

static void derive(struct qki_key *key, const void *secret, size_t len)
{
  unsigned char id[crypto_generichash_BYTES];
  crypto_generichash_state state;
  crypto_generichash(key->mac, sizeof key->mac, secret, len, (const unsigned char *)label, sizeof label - 1);
  crypto_generichash(id, sizeof id, key->mac, sizeof key->mac, NULL, 0);
  memcpy(key->id, id, sizeof key->id);
  crypto_generichash_init(&state, key->mac, sizeof key->mac, MAC);
  memcpy(key->begun, &state, sizeof key->begun);
  sodium_memzero(&state, sizeof state);
}

static void make_mac(const struct qki_key *key, const unsigned char *raw, size_t body, unsigned char mac[MAC])
{
  crypto_generichash_state state;
  memcpy(&state, key->begun, sizeof state);
  crypto_generichash_update(&state, raw, body);
  crypto_generichash_final(&state, mac, MAC);
}

void qki_keys_add(struct qki_keys *keys, const void *secret, size_t len)
{
  derive(&keys->key[keys->count++], secret, len);
}

int qki_keys_sign_with(const struct qki_keys *keys, const void *secret, size_t len)
{
  struct qki_key key;
  derive(&key, secret, len);
  int same = sodium_memcmp(key.mac, keys->key[0].mac, sizeof key.mac) == 0;
  sodium_memzero(&key, sizeof key);
  return same;
}

void qki_keys_forget(struct qki_keys *keys)
{
  sodium_memzero(keys, sizeof *keys);
}

static void put(unsigned char *at, uint64_t value, size_t bytes)
{
  for (size_t i = bytes; i-- > 0; value >>= 8)
    at[i] = (unsigned char)value;
}

/* Written out, so that compilers see one load. */
static uint64_t get8(const unsigned char *at)
{
  return (uint64_t)at[0] << 56 | (uint64_t)at[1] << 48 | (uint64_t)at[2] << 40 | (uint64_t)at[3] << 32 |
         (uint64_t)at[4] << 24 | (uint64_t)at[5] << 16 | (uint64_t)at[6] << 8 | (uint64_t)at[7];
}

/* Of a field that another follows. */
static uint64_t get7(const unsigned char *at)
{
  return get8(at) >> 8;
}

static int is_writable(const qk_ticket *ticket, size_t *queue_len, size_t *user_len)
{
  return ticket->state >= QK_WAITING && ticket->state <= QK_ACTIVE && ticket->cls < QK_CLASSES &&
         ticket->number > 0 && ticket->number <= QK_NUMBER_MAX && ticket->epoch > 0 &&
         ticket->epoch <= QK_INTEGER_MAX && ticket->expires_at_ms >= 0 &&
         qki_all_zero(ticket->reserved, sizeof ticket->reserved / sizeof *ticket->reserved) &&
         !qki_name_check(ticket->queue, QK_QUEUE_MAX, queue_len) &&
         !qki_name_check(ticket->user, QK_USER_MAX, user_len);
}

int qki_token_write(const struct qki_keys *keys, const qk_ticket *ticket, char out[QK_TOKEN_SIZE])
{
  unsigned char raw[RAW_MAX];
  size_t queue_len, user_len;
  if (!is_writable(ticket, &queue_len, &user_len))
    return QK_EINVAL;
  size_t body = AT_NAMES + queue_len + user_len;
  raw[AT_VERSION] = TOKEN_VERSION;
  raw[AT_KIND] = (unsigned char)ticket->state;
  raw[AT_CLASS] = (unsigned char)ticket->cls;
  raw[AT_QUEUE_LEN] = (unsigned char)queue_len;
  raw[AT_USER_LEN] = (unsigned char)user_len;
  memcpy(raw + AT_KEY_ID, keys->key[0].id, QKI_KEY_ID);
  put(raw + AT_NUMBER, ticket->number, 7);
  put(raw + AT_EPOCH, ticket->epoch, 7);
  put(raw + AT_EXPIRY, ticket->state == QK_WAITING ? 0 : (uint64_t)ticket->expires_at_ms, 8);
  memcpy(raw + AT_NAMES, ticket->queue, queue_len);
  memcpy(raw + AT_NAMES + queue_len, ticket->user, user_len);
  make_mac(&keys->key[0], raw, body, raw + body);
  sodium_bin2base64(out, QK_TOKEN_SIZE, raw, body + MAC, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return QK_OK;
}

/* Whether one of the keys made the MAC: in constant time, whatever the bytes are. */
static int is_authentic(const struct qki_keys *keys, const unsigned char *raw, size_t body)
{
  unsigned char mac[MAC];
  for (size_t i = 0; i < keys->count; i++) {
    if (memcmp(raw + AT_KEY_ID, keys->key[i].id, QKI_KEY_ID) != 0)
      continue;
    make_mac(&keys->key[i], raw, body, mac);
    if (crypto_verify_32(mac, raw + body) == 0)
      return 1;
  }
  return 0;
}

static int read_claims(const unsigned char *raw, size_t body, struct qki_claims *out)
{
  if (raw[AT_VERSION] != TOKEN_VERSION)
    return raw[AT_VERSION] > TOKEN_VERSION ? QK_EVERSION : QK_ETOKEN;
  out->queue_len = raw[AT_QUEUE_LEN];
  out->user_len = raw[AT_USER_LEN];
  if (out->queue_len > QK_QUEUE_MAX || out->user_len > QK_USER_MAX ||
      body != AT_NAMES + out->queue_len + out->user_len)
    return QK_ETOKEN;
  out->kind = raw[AT_KIND];
  out->cls = raw[AT_CLASS];
  out->number = get7(raw + AT_NUMBER);
  out->epoch = get7(raw + AT_EPOCH);
  out->expires_at_ms = (int64_t)get8(raw + AT_EXPIRY);
  memcpy(out->queue, raw + AT_NAMES, out->queue_len);
  memcpy(out->user, raw + AT_NAMES + out->queue_len, out->user_len);
  out->queue[out->queue_len] = out->user[out->user_len] = '\0';
  return QK_OK;
}

int qki_token_read(const struct qki_keys *keys, const char *token, struct qki_claims *out)
{
  unsigned char raw[READ_MAX];
  size_t len = strnlen(token, QK_TOKEN_SIZE);
  if (len == QK_TOKEN_SIZE)
    return QK_ETOKEN;
  size_t size = qki_base64_read(raw, token, len);
  if (size < AT_NAMES + MAC || !is_authentic(keys, raw, size - MAC))
    return QK_ETOKEN;
  return read_claims(raw, size - MAC, out);
}
