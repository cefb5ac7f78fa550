#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "line.h"
#include "redis_original.h"
#include "redis_client.h"

#define NOW_S 1780308000 /* the doors open */
#define NOW "1780308000"
#define PIPELINE 1000

/* KEYS: the person's hash, the line. ARGV: the person, when they came (ms), now (s). */
static const char enter_script[] =
    "local ends = redis.call('HGET', KEYS[1], 'expired_at')\n"
    "if ends and tonumber(ends) > tonumber(ARGV[3]) then\n"
    "  return cjson.encode({status = 'ACTIVE', token = redis.call('HGET', KEYS[1], 'token'), expiredAt = "
    "ends})\n"
    "end\n"
    "local status, rank = 'WAITING', redis.call('ZRANK', KEYS[2], ARGV[1])\n"
    "if not rank then\n"
    "  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])\n"
    "  status, rank = 'NEW', redis.call('ZRANK', KEYS[2], ARGV[1])\n"
    "end\n"
    "return cjson.encode({status = status, position = rank, totalWaiting = redis.call('ZCARD', KEYS[2])})\n";

/* KEYS: the person's hash, the line. ARGV: the person. */
static const char status_script[] =
    "local seat = redis.call('HMGET', KEYS[1], 'status', 'expired_at')\n"
    "if seat[1] then\n"
    "  return cjson.encode({status = seat[1], expiredAt = seat[2]})\n"
    "end\n"
    "local rank = redis.call('ZRANK', KEYS[2], ARGV[1])\n"
    "return cjson.encode({status = rank and 'WAITING' or 'NOT_FOUND', position = rank or -1})\n";

/* KEYS: the line, those inside. ARGV: how many, end of their time (s), prefix of the hashes, the sale, the
 * hashes' time to live (s). */
static const char move_script[] =
    "local out, popped = {}, redis.call('ZPOPMIN', KEYS[1], ARGV[1])\n"
    "for i = 1, #popped, 2 do\n"
    "  local user, score = popped[i], popped[i + 1]\n"
    "  local token = ARGV[4] .. ':' .. user .. ':' .. redis.call('INCR', 'queue:token:counter')\n"
    "  local ok = pcall(function()\n"
    "    redis.call('ZADD', KEYS[2], ARGV[2], user)\n"
    "    redis.call('HSET', ARGV[3] .. user, 'token', token, 'status', 'READY', 'extend_count', 0,\n"
    "      'expired_at', ARGV[2])\n"
    "    redis.call('EXPIRE', ARGV[3] .. user, ARGV[5])\n"
    "  end)\n"
    "  if ok then\n"
    "    out[#out + 1] = {userId = user, token = token}\n"
    "  else\n"
    "    redis.call('ZADD', KEYS[1], score, user)\n"
    "  end\n"
    "end\n"
    "return #out == 0 and '[]' or cjson.encode(out)\n";

/* The reply's end. -1 if it is an error, or none. */
static int finish(const redisContext *context, redisReply *reply)
{
  int rc = client_answered(context, reply) ? 0 : -1;
  freeReplyObject(reply);
  return rc;
}

int original_load(redisContext *context, struct original *original)
{
  static const char *const scripts[] = {
      [ORIGINAL_ENTER] = enter_script, [ORIGINAL_STATUS] = status_script, [ORIGINAL_MOVE] = move_script};
  for (int i = 0; i < ORIGINAL_SCRIPTS; i++) {
    redisReply *reply = redisCommand(context, "SCRIPT LOAD %s", scripts[i]);
    if (client_answered(context, reply))
      snprintf(original->sha[i], sizeof original->sha[i], "%s", reply->str);
    else
      original->sha[i][0] = '\0';
    freeReplyObject(reply);
    if (original->sha[i][0] == '\0')
      return -1;
  }
  return 0;
}

/* People come one a millisecond. */
static double came_ms(uint32_t who)
{
  return NOW_S * 1e3 + who;
}

static int read_replies(redisContext *context, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    void *reply = NULL;
    redisGetReply(context, &reply);
    if (finish(context, reply) != 0)
      return -1;
  }
  return 0;
}

int original_fill(redisContext *context, uint32_t first, uint32_t count)
{
  char id[PEOPLE_ID_SIZE];
  for (uint32_t done = 0; done < count;) {
    uint32_t some = count - done < PIPELINE ? count - done : PIPELINE;
    for (uint32_t i = 0; i < some; i++) {
      uint32_t who = first + done + i;
      people_id(id, who);
      if (redisAppendCommand(context, "ZADD " ORIGINAL_WAIT " %f %s", came_ms(who), id) != REDIS_OK)
        return -1;
    }
    if (read_replies(context, some) != 0)
      return -1;
    done += some;
  }
  return 0;
}

int original_enter(redisContext *context, const struct original *original, uint32_t who)
{
  char id[PEOPLE_ID_SIZE];
  people_id(id, who);
  return finish(context,
                redisCommand(context, "EVALSHA %s 2 " ORIGINAL_TOKEN "%s " ORIGINAL_WAIT " %s %f " NOW,
                             original->sha[ORIGINAL_ENTER], id, id, came_ms(who)));
}

int original_status(redisContext *context, const struct original *original, uint32_t who)
{
  char id[PEOPLE_ID_SIZE];
  people_id(id, who);
  return finish(context, redisCommand(context, "EVALSHA %s 2 " ORIGINAL_TOKEN "%s " ORIGINAL_WAIT " %s",
                                      original->sha[ORIGINAL_STATUS], id, id));
}

int original_move(redisContext *context, const struct original *original, uint32_t count)
{
  return finish(context, redisCommand(context,
                                      "EVALSHA %s 2 " ORIGINAL_WAIT " " ORIGINAL_INSIDE
                                      " %u %d " ORIGINAL_TOKEN " sale 360",
                                      original->sha[ORIGINAL_MOVE], count, NOW_S + 300));
}

/* Write a command in the form in which it travels; the arguments are strings and end with NULL. */
static int encode(char *out, uint32_t size, int count, ...)
{
  va_list arguments;
  int length = snprintf(out, size, "*%d\r\n", count);
  va_start(arguments, count);
  for (int i = 0; i < count; i++) {
    const char *text = va_arg(arguments, const char *);
    length += snprintf(out + length, size - (uint32_t)length, "$%zu\r\n%s\r\n", strlen(text), text);
  }
  va_end(arguments);
  return length;
}

int original_step(char *out, uint32_t size, uint32_t who, int step)
{
  char id[PEOPLE_ID_SIZE], token[64], came[32];
  people_id(id, who);
  switch (step) {
  case 0: /* inside already? */
    snprintf(token, sizeof token, ORIGINAL_TOKEN "%s", id);
    return encode(out, size, 2, "HGETALL", token);
  case 1: /* in line already? */
    return encode(out, size, 3, "ZRANK", ORIGINAL_WAIT, id);
  case 2: /* a seat free? */
    return encode(out, size, 2, "ZCARD", ORIGINAL_INSIDE);
  case 3:
    snprintf(came, sizeof came, "%.0f", came_ms(who));
    return encode(out, size, 4, "ZADD", ORIGINAL_WAIT, came, id);
  case 4: /* the place */
    return encode(out, size, 3, "ZRANK", ORIGINAL_WAIT, id);
  default: /* of how many */
    return encode(out, size, 2, "ZCARD", ORIGINAL_WAIT);
  }
}

int original_script_call(char *out, uint32_t size, const struct original *original, uint32_t who)
{
  char id[PEOPLE_ID_SIZE], token[64], came[32];
  people_id(id, who);
  snprintf(token, sizeof token, ORIGINAL_TOKEN "%s", id);
  snprintf(came, sizeof came, "%.0f", came_ms(who));
  return encode(out, size, 8, "EVALSHA", original->sha[ORIGINAL_ENTER], "2", token, ORIGINAL_WAIT, id, came,
                NOW);
}
