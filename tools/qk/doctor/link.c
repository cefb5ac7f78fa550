#include "link.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "tools/qk/clock.h"

static void keep_trouble(struct link *link, const char *text)
{
  snprintf(link->trouble, sizeof link->trouble, "%s", text);
}

static redisContext *connect_to(const struct address *address, struct timeval limit)
{
  return address->port == 0 ? redisConnectUnixWithTimeout(address->host, limit)
                            : redisConnectWithTimeout(address->host, address->port, limit);
}

int link_open_bare(struct link *link, const struct target *target, const struct address *address)
{
  struct timeval limit = {.tv_sec = target->timeout_ms / 1000,
                          .tv_usec = (suseconds_t)(target->timeout_ms % 1000 * 1000)};
  *link = (struct link){.context = connect_to(address, limit)};
  if (link->context == NULL) {
    keep_trouble(link, "no memory for a connection");
    return -1;
  }
  if (link->context->err != 0 || redisSetTimeout(link->context, limit) != REDIS_OK) {
    keep_trouble(link, link->context->errstr);
    link_close(link);
    return -1;
  }
  return 0;
}

int link_log_in(struct link *link, const struct target *target)
{
  redisReply *reply;
  if (target->password == NULL)
    return 0;
  if (target->user != NULL)
    reply = link_ask(link, "AUTH %s %s", target->user, target->password);
  else
    reply = link_ask(link, "AUTH %s", target->password);
  int failed = reply == NULL;
  freeReplyObject(reply);
  return failed ? -1 : 0;
}

int link_open(struct link *link, const struct target *target, const struct address *address)
{
  if (link_open_bare(link, target, address) != 0)
    return -1;
  int failed = link_log_in(link, target);
  if (!failed && target->database > 0 && target->kind != CLUSTER) {
    redisReply *reply = link_ask(link, "SELECT %u", target->database);
    failed = reply == NULL;
    freeReplyObject(reply);
  }
  if (failed)
    link_close(link);
  return failed ? -1 : 0;
}

void link_close(struct link *link)
{
  if (link->context != NULL)
    redisFree(link->context);
  link->context = NULL;
}

redisReply *link_ask(struct link *link, const char *format, ...)
{
  va_list arguments;
  if (link->context == NULL)
    return NULL;
  va_start(arguments, format);
  redisReply *reply = redisvCommand(link->context, format, arguments);
  va_end(arguments);
  if (reply == NULL) {
    keep_trouble(link, link->context->errstr);
    link_close(link);
  } else if (reply->type == REDIS_REPLY_ERROR) {
    keep_trouble(link, reply->str);
    freeReplyObject(reply);
    reply = NULL;
  }
  return reply;
}

int64_t link_time(struct link *link, const char *command)
{
  int64_t start_us = clock_now_us();
  redisReply *reply = link_ask(link, command);
  int64_t spent_us = clock_now_us() - start_us;
  int failed = reply == NULL;
  freeReplyObject(reply);
  return failed ? -1 : spent_us;
}
