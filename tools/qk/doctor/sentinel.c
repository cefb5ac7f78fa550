/* Sentinels: whether they answer, agree, and could carry out a failover; then the master that they name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

#define SENTINELS_LEAST 3 /* fewer have no majority when one is lost */

/* What they say of the master; the first that answers speaks for all. */
struct opinion {
  struct address master;
  unsigned answers;
  int disagree;
};

/* 0, or -1 with trouble. */
static int read_master(struct link *link, const struct target *target, struct opinion *opinion)
{
  redisReply *reply = link_ask(link, "SENTINEL get-master-addr-by-name %s", target->master);
  if (reply == NULL)
    return -1;
  if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[0]->str != NULL &&
      reply->element[1]->str != NULL) {
    struct address master = {.port = (int)strtol(reply->element[1]->str, NULL, 10)};
    snprintf(master.host, sizeof master.host, "%s", reply->element[0]->str);
    if (opinion->answers++ == 0)
      opinion->master = master;
    else if (master.port != opinion->master.port || strcmp(master.host, opinion->master.host) != 0)
      opinion->disagree = 1;
  }
  freeReplyObject(reply);
  return 0;
}

/* A flat list of names and values. */
static json_t *read_pairs(const redisReply *reply)
{
  json_t *object = json_object();
  for (size_t i = 0; reply != NULL && reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i += 2)
    if (reply->element[i]->str != NULL && reply->element[i + 1]->str != NULL)
      json_object_set_new(object, reply->element[i]->str, json_string(reply->element[i + 1]->str));
  return object;
}

static long number_in(const json_t *object, const char *name)
{
  const char *text = json_string_value(json_object_get(object, name));
  return text != NULL ? strtol(text, NULL, 10) : -1;
}

static void check_quorum(struct link *link, const struct target *target, struct findings *findings)
{
  redisReply *reply = link_ask(link, "SENTINEL CKQUORUM %s", target->master);
  if (reply == NULL && strncmp(link->trouble, "NOQUORUM", 8) == 0)
    found(findings, FAIL, "quorum", NULL, "Start the missing sentinels.", "no failover is possible: %s",
          link->trouble);
  freeReplyObject(reply);
}

static void check_watch(struct link *link, const struct target *target, struct findings *findings)
{
  redisReply *reply = link_ask(link, "SENTINEL MASTER %s", target->master);
  json_t *facts = read_pairs(reply);
  long quorum = number_in(facts, "quorum"), sentinels = number_in(facts, "num-other-sentinels") + 1;
  const char *flags = json_string_value(json_object_get(facts, "flags"));
  if (flags != NULL && strstr(flags, "down") != NULL)
    found(findings, FAIL, "master", NULL, "Start it, or wait for the failover.",
          "the sentinels hold it for down (%s)", flags);
  if (quorum > 0)
    found(findings, sentinels < SENTINELS_LEAST ? WARN : FINE, "sentinels", NULL,
          sentinels < SENTINELS_LEAST ? "Run at least three." : "", "%ld, quorum %ld%s", sentinels, quorum,
          sentinels < SENTINELS_LEAST ? ": when one is lost no failover is possible" : "");
  if (reply == NULL)
    found(findings, NOTE, "sentinels", NULL, "Allow +sentinel|master, or ask as another user.",
          "cannot see what they know: %s", link->trouble);
  json_decref(facts);
  freeReplyObject(reply);
}

/* Without a login first, as the library does it: most have none. */
static int open_sentinel(struct link *link, const struct target *target, const struct address *address)
{
  if (link_open_bare(link, target, address) != 0)
    return -1;
  redisReply *reply = link_ask(link, "PING");
  int is_open = reply != NULL || strncmp(link->trouble, "NOAUTH", 6) != 0;
  freeReplyObject(reply);
  return is_open ? 0 : link_log_in(link, target);
}

static void ask_all(const struct target *target, struct opinion *opinion, struct findings *findings)
{
  for (size_t i = 0; i < target->address_count; i++) {
    struct link link;
    char name[300];
    unsigned before = opinion->answers;
    address_show(&target->addresses[i], name, sizeof name);
    if (open_sentinel(&link, target, &target->addresses[i]) != 0 || read_master(&link, target, opinion) != 0)
      found(findings, WARN, "sentinel", NULL, "Start it, or mend the URI.", "%s: %s", name, link.trouble);
    else if (opinion->answers == before)
      found(findings, WARN, "sentinel", NULL, "Check the master's name in the URI.",
            "%s: knows no master '%s'", name, target->master);
    if (opinion->answers == 1 && before == 0) {
      check_watch(&link, target, findings);
      check_quorum(&link, target, findings);
    }
    link_close(&link);
  }
}

void examine_sentinels(struct servers *servers, const struct target *target, struct findings *findings)
{
  struct opinion opinion = {0};
  char name[300];
  ask_all(target, &opinion, findings);
  if (opinion.answers == 0) {
    found(findings, FAIL, "reach", NULL, "Start the sentinels, or mend the URI.",
          "no sentinel that the URI names can tell the master");
    return;
  }
  address_show(&opinion.master, name, sizeof name);
  if (opinion.disagree)
    found(findings, FAIL, "master", NULL, "Wait for the failover to end; then look at the sentinels' logs.",
          "the sentinels do not agree on who it is; one says %s", name);
  else
    found(findings, FINE, "master", NULL, "", "%s, as %u sentinel%s say%s", name, opinion.answers,
          opinion.answers == 1 ? "" : "s", opinion.answers == 1 ? "s" : "");
  servers_add(servers, target, &opinion.master, findings);
  servers_check(servers, target, findings);
}
