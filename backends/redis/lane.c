#include "lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 64      /* at first */
#define LANES_MAX 65536 /* more are kept only while they are in use */

size_t qkr_base(char out[QKR_BASE_MAX], const char *prefix, const char *name, size_t len)
{
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  static const char digits[] = "0123456789ABCDEF";
  size_t at = (size_t)snprintf(out, QKR_BASE_MAX, "%s{", prefix);
  for (size_t i = 0; i < len; i++) {
    unsigned char byte = (unsigned char)name[i];
    if (strchr(plain, byte)) {
      out[at++] = (char)byte;
      continue;
    }
    out[at++] = '%';
    out[at++] = digits[byte >> 4];
    out[at++] = digits[byte & 15];
  }
  out[at++] = '}';
  return at;
}

int qkr_lanes_init(struct qkr_lanes *lanes, qk_host *host)
{
  lanes->host = host;
  lanes->count = 0;
  lanes->bucket_count = BUCKETS;
  lanes->buckets = calloc(BUCKETS, sizeof *lanes->buckets);
  return lanes->buckets ? QK_OK : QK_ENOMEM;
}

static struct qkr_lane **bucket_of(const struct qkr_lanes *lanes, uint64_t hash)
{
  return &lanes->buckets[hash & (lanes->bucket_count - 1)];
}

qk_times *qkr_lane_times(struct qkr_lane *lane, qk_host *host)
{
  const qk_name queue = {.text = lane->name, .len = (uint32_t)strlen(lane->name), .hash = lane->hash};
  if (!lane->times)
    lane->times = qk_host_times(host, &queue);
  return lane->times;
}

void qkr_lane_gone(struct qkr_lane *lane, qk_host *host)
{
  qk_host_times_end(host, lane->times);
  lane->times = NULL;
}

void qkr_lanes_finish(struct qkr_lanes *lanes, int forked)
{
  for (size_t i = 0; i < lanes->bucket_count; i++)
    while (lanes->buckets[i]) {
      struct qkr_lane *lane = lanes->buckets[i];
      lanes->buckets[i] = lane->next;
      if (!forked)
        qkr_lane_gone(lane, lanes->host);
      free(lane);
    }
  free(lanes->buckets);
}

/* Twice the buckets; without memory it stays as it is, and is slower. */
static void grow(struct qkr_lanes *lanes)
{
  struct qkr_lanes wide = {.bucket_count = 2 * lanes->bucket_count};
  wide.buckets = calloc(wide.bucket_count, sizeof *wide.buckets);
  if (!wide.buckets)
    return;
  for (size_t i = 0; i < lanes->bucket_count; i++)
    while (lanes->buckets[i]) {
      struct qkr_lane *lane = lanes->buckets[i], **bucket = bucket_of(&wide, lane->hash);
      lanes->buckets[i] = lane->next;
      lane->next = *bucket;
      *bucket = lane;
    }
  free(lanes->buckets);
  lanes->buckets = wide.buckets;
  lanes->bucket_count = wide.bucket_count;
}

/* Forget what was seen of queues that are not in use. */
static void thin_out(struct qkr_lanes *lanes)
{
  for (size_t i = 0; i < lanes->bucket_count; i++)
    for (struct qkr_lane **at = &lanes->buckets[i]; *at;) {
      struct qkr_lane *lane = *at;
      if (lane->busy > 0 || lane->pending > 0) {
        at = &lane->next;
        continue;
      }
      *at = lane->next;
      lanes->count--;
      qkr_lane_gone(lane, lanes->host);
      free(lane);
    }
}

static struct qkr_lane *make(const char *prefix, const qk_name *queue)
{
  struct qkr_lane *lane = calloc(1, sizeof *lane);
  if (!lane)
    return NULL;
  memcpy(lane->name, queue->text, queue->len);
  lane->hash = queue->hash;
  lane->last = &lane->first;
  lane->base_len = qkr_base(lane->base, prefix, queue->text, queue->len);
  lane->slot = qkr_slot(lane->base, lane->base_len);
  return lane;
}

struct qkr_lane *qkr_lanes_get(struct qkr_lanes *lanes, const char *prefix, const qk_name *queue)
{
  for (struct qkr_lane *lane = *bucket_of(lanes, queue->hash); lane; lane = lane->next)
    if (lane->hash == queue->hash && strlen(lane->name) == queue->len &&
        !memcmp(lane->name, queue->text, queue->len))
      return lane;
  struct qkr_lane *lane = make(prefix, queue);
  if (!lane)
    return NULL;
  if (lanes->count >= LANES_MAX)
    thin_out(lanes);
  if (lanes->count >= lanes->bucket_count)
    grow(lanes);
  struct qkr_lane **bucket = bucket_of(lanes, lane->hash);
  lane->next = *bucket;
  *bucket = lane;
  lanes->count++;
  return lane;
}

void qkr_add_keys(struct qkr_command *command, const struct qkr_lane *lane)
{
  static const char letters[QKR_KEYS] = {'m', 'w', 's', 'r', 'i', 'g'};
  char key[QKR_BASE_MAX + 1];
  memcpy(key, lane->base, lane->base_len);
  qkr_add_text(command, "6");
  for (size_t i = 0; i < QKR_KEYS; i++) {
    key[lane->base_len] = letters[i];
    qkr_add(command, key, lane->base_len + 1);
  }
}
