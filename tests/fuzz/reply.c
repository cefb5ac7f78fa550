/* Any bytes, in any pieces, through backends/redis/reply.c:
 *
 *   clang -g -fsanitize=fuzzer,address,undefined -Iinclude -I. tests/fuzz/reply.c backends/redis/reply.c
 * -lhiredis
 *
 * The first byte says how long the pieces are. The reader must end within its caps, give the same replies as
 * one that gets everything at once, and never get over a fault. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <qk.h>
#include "backends/redis/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(int condition)
{
  if (!condition)
    abort();
}

/* What is behind value, an array's children and theirs included. */
static size_t walk(const struct qkr_reply *reply, size_t at, int depth)
{
  demand(at < reply->count && depth <= QKR_REPLY_DEPTH);
  const struct qkr_value *value = &reply->values[at++];
  if (value->type == QKR_STRING || value->type == QKR_STATUS || value->type == QKR_ERROR)
    demand(value->text[value->len] == '\0' && strlen(value->text) <= value->len);
  if (value->type == QKR_ARRAY)
    for (size_t i = 0; i < value->count; i++)
      at = walk(reply, at, depth + 1);
  return at;
}

/* A checksum over all whole replies, in *sum. Returns how it ended: 0 or a code. */
static int drain(struct qkr_reader *reader, uint64_t *sum)
{
  struct qkr_reply reply;
  int got;
  while ((got = qkr_reader_next(reader, &reply)) == 1) {
    demand(reply.count >= 1 && reply.count <= QKR_REPLY_VALUES && walk(&reply, 0, 0) == reply.count);
    for (size_t i = 0; i < reply.count; i++) {
      const struct qkr_value *value = &reply.values[i];
      *sum = (*sum ^ (uint64_t)value->type ^ (uint64_t)value->integer ^ value->count ^ value->len) *
             1099511628211u;
      for (size_t k = 0; k < value->len; k++)
        *sum = (*sum ^ (unsigned char)value->text[k]) * 1099511628211u;
    }
  }
  demand(got == 0 || got == QK_ESTATE || got == QK_ENOMEM);
  return got;
}

static uint64_t read_in_pieces(const char *bytes, size_t len, size_t piece, int *code)
{
  uint64_t sum = 14695981039346656037u;
  struct qkr_reader *reader = qkr_reader_create();
  demand(reader != NULL);
  *code = 0;
  for (size_t at = 0; at < len && *code == 0; at += piece) {
    *code = qkr_reader_feed(reader, bytes + at, len - at < piece ? len - at : piece);
    if (*code == QK_OK)
      *code = drain(reader, &sum);
  }
  if (*code != 0)
    demand(qkr_reader_feed(reader, ":1\r\n", 4) == *code);
  qkr_reader_destroy(reader);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
  if (len < 2)
    return 0;
  int whole_code, pieces_code;
  const char *text = (const char *)bytes + 1;
  uint64_t whole = read_in_pieces(text, len - 1, len - 1, &whole_code);
  uint64_t pieces = read_in_pieces(text, len - 1, bytes[0] % 64 + 1u, &pieces_code);
  demand(whole == pieces && whole_code == pieces_code);
  return 0;
}
