/* Tokens: text that proves a ticket. Layout in libqueue(3); all integers big-endian. */
#ifndef QKI_TOKEN_H
#define QKI_TOKEN_H

#include <sodium.h>

#include <qk_backend.h>

#define QKI_MAC_KEY 32
#define QKI_KEY_ID 4

/* A secret in use: what is derived from it. */
struct qki_key {
  unsigned char mac[QKI_MAC_KEY], id[QKI_KEY_ID];
  unsigned char begun[sizeof(crypto_generichash_state)]; /* a MAC by this key, before any text */
};

/* The first signs; all are accepted. Never changed while others read it: a new set takes its place. */
struct qki_keys {
  struct qki_key key[3];
  size_t count;
  struct qki_keys *older; /* whom this set replaced: readers may still hold it */
};

/* What a token says. */
struct qki_claims {
  int32_t kind; /* QK_WAITING, QK_READY, QK_ACTIVE */
  uint32_t cls, queue_len, user_len;
  uint64_t number, epoch;
  int64_t expires_at_ms;
  char queue[QK_QUEUE_MAX + 1], user[QK_USER_MAX + 1];
};

void qki_keys_add(struct qki_keys *keys, const void *secret, size_t len);
/* 1 if secret is the one that signs. */
int qki_keys_sign_with(const struct qki_keys *keys, const void *secret, size_t len);
void qki_keys_forget(struct qki_keys *keys);

/* Write the token of ticket: QK_OK, or QK_EINVAL if it is no ticket of somebody in a queue. */
int qki_token_write(const struct qki_keys *keys, const qk_ticket *ticket, char out[QK_TOKEN_SIZE]);
/* Check a token and read it: QK_OK, QK_ETOKEN, or QK_EVERSION for an authentic one of a later layout. */
int qki_token_read(const struct qki_keys *keys, const char *token, struct qki_claims *out);

#endif
