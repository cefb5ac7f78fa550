#include "reply.h"

#include <stdlib.h>
#include <string.h>
#include <hiredis/hiredis.h>
#include <qk.h>

#if HIREDIS_MAJOR >= 1
typedef size_t array_len;
#else
typedef int array_len;
#endif

/* hiredis finds the values, depth first, and ours lay them down in that order. Until a reply is whole its
 * strings may move: a value's integer then says where in bytes its text begins. */
struct qkr_reader {
  redisReader *parser;
  struct qkr_value *values;
  size_t count, room;
  char *bytes; /* of the strings, each with a NUL */
  size_t used, size;
  size_t announced; /* values of this reply, as far as its arrays have said */
  size_t taken;     /* bytes of this reply that the parser is through with */
  int is_whole;
  int code; /* of the first fault; never QK_OK again */
};

/* ---- What hiredis calls ---- */

static void *refuse(struct qkr_reader *reader, int code)
{
  if (reader->code == QK_OK)
    reader->code = code;
  return NULL;
}

static struct qkr_value *add_value(struct qkr_reader *reader, enum qkr_type type)
{
  if (reader->count == reader->room) {
    size_t room = reader->room ? 2 * reader->room : 64;
    struct qkr_value *values = realloc(reader->values, room * sizeof *values);
    if (!values)
      return refuse(reader, QK_ENOMEM);
    reader->values = values;
    reader->room = room;
  }
  struct qkr_value *value = &reader->values[reader->count++];
  memset(value, 0, sizeof *value);
  value->type = type;
  return value;
}

/* No cap of its own: no more is copied than was fed. */
static int add_text(struct qkr_reader *reader, const char *text, size_t len)
{
  if (reader->size - reader->used <= len) {
    size_t size = reader->size ? reader->size : 512;
    while (size - reader->used <= len)
      size *= 2;
    char *bytes = realloc(reader->bytes, size);
    if (!bytes) {
      refuse(reader, QK_ENOMEM);
      return 0;
    }
    reader->bytes = bytes;
    reader->size = size;
  }
  memcpy(reader->bytes + reader->used, text, len);
  reader->bytes[reader->used + len] = '\0';
  reader->used += len + 1;
  return 1;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
  struct qkr_reader *reader = task->privdata;
  enum qkr_type type = QKR_STRING;
  if (task->type == REDIS_REPLY_STATUS)
    type = QKR_STATUS;
  else if (task->type == REDIS_REPLY_ERROR)
    type = QKR_ERROR;
  else if (task->type != REDIS_REPLY_STRING)
    return refuse(reader, QK_ESTATE);
  size_t start = reader->used;
  if (!add_text(reader, text, len))
    return NULL;
  struct qkr_value *value = add_value(reader, type);
  if (!value)
    return NULL;
  value->integer = (int64_t)start;
  value->len = len;
  return reader;
}

static void *create_array(const redisReadTask *task, array_len len)
{
  struct qkr_reader *reader = task->privdata;
  int depth = 1;
  for (const redisReadTask *at = task->parent; at; at = at->parent)
    depth++;
  if (task->type != REDIS_REPLY_ARRAY || depth > QKR_REPLY_DEPTH ||
      (size_t)len > QKR_REPLY_VALUES - reader->announced)
    return refuse(reader, QK_ESTATE);
  struct qkr_value *value = add_value(reader, QKR_ARRAY);
  if (!value)
    return NULL;
  value->count = (size_t)len;
  reader->announced += (size_t)len;
  return reader;
}

static void *create_integer(const redisReadTask *task, long long integer)
{
  struct qkr_reader *reader = task->privdata;
  struct qkr_value *value = add_value(reader, QKR_INTEGER);
  if (!value)
    return NULL;
  value->integer = integer;
  return reader;
}

/* The null of RESP3 has a type of its own; ours is a string or an array that is not there. */
static void *create_nil(const redisReadTask *task)
{
  struct qkr_reader *reader = task->privdata;
  if (task->type != REDIS_REPLY_STRING && task->type != REDIS_REPLY_ARRAY)
    return refuse(reader, QK_ESTATE);
  return add_value(reader, QKR_NIL) ? reader : NULL;
}

#if HIREDIS_MAJOR >= 1
static void *refuse_double(const redisReadTask *task, double number, char *text, size_t len)
{
  (void)number;
  (void)text;
  (void)len;
  return refuse(task->privdata, QK_ESTATE);
}

static void *refuse_bool(const redisReadTask *task, int truth)
{
  (void)truth;
  return refuse(task->privdata, QK_ESTATE);
}
#endif

/* Nothing is kept per value. */
static void free_nothing(void *object)
{
  (void)object;
}

/* Not const because hiredis takes it so. */
static redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = free_nothing,
#if HIREDIS_MAJOR >= 1
    .createDouble = refuse_double,
    .createBool = refuse_bool,
#endif
};

/* ---- Reading ---- */

static void begin_reply(struct qkr_reader *reader)
{
  reader->count = reader->used = reader->taken = 0;
  reader->announced = 1;
  reader->is_whole = 0;
}

struct qkr_reader *qkr_reader_create(void)
{
  struct qkr_reader *reader = calloc(1, sizeof *reader);
  if (!reader)
    return NULL;
  reader->parser = redisReaderCreateWithFunctions(&functions);
  if (!reader->parser) {
    free(reader);
    return NULL;
  }
  reader->parser->privdata = reader;
  /* Keep the buffer: hiredis 0.14 aborts if it cannot get a new one. */
  reader->parser->maxbuf = 0;
  begin_reply(reader);
  return reader;
}

void qkr_reader_destroy(struct qkr_reader *reader)
{
  if (!reader)
    return;
  redisReaderFree(reader->parser);
  free(reader->values);
  free(reader->bytes);
  free(reader);
}

static size_t unread(const struct qkr_reader *reader)
{
  return reader->parser->len - reader->parser->pos;
}

/* The parser has failed: by one of ours, which said why, or by itself. */
static int fail(struct qkr_reader *reader)
{
  refuse(reader, reader->parser->err == REDIS_ERR_OOM ? QK_ENOMEM : QK_ESTATE);
  return reader->code;
}

int qkr_reader_feed(struct qkr_reader *reader, const char *bytes, size_t len)
{
  if (reader->code != QK_OK)
    return reader->code;
  if (len > QKR_REPLY_BYTES || reader->taken + unread(reader) > QKR_REPLY_BYTES - len) {
    refuse(reader, QK_ESTATE);
    return reader->code;
  }
  return redisReaderFeed(reader->parser, bytes, len) == REDIS_OK ? QK_OK : fail(reader);
}

static void point_to_texts(struct qkr_reader *reader)
{
  for (size_t i = 0; i < reader->count; i++) {
    struct qkr_value *value = &reader->values[i];
    if (value->type == QKR_STRING || value->type == QKR_STATUS || value->type == QKR_ERROR) {
      value->text = reader->bytes + value->integer;
      value->integer = 0;
    }
  }
}

int qkr_reader_next(struct qkr_reader *reader, struct qkr_reply *out)
{
  if (reader->code != QK_OK)
    return reader->code;
  if (reader->is_whole)
    begin_reply(reader);
  size_t before = unread(reader);
  void *root = NULL;
  if (redisReaderGetReply(reader->parser, &root) != REDIS_OK)
    return fail(reader);
  if (!root) {
    reader->taken += before - unread(reader);
    return 0;
  }
  point_to_texts(reader);
  reader->is_whole = 1;
  reader->taken = 0;
  out->values = reader->values;
  out->count = reader->count;
  return 1;
}
