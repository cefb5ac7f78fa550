#include "fault.h"

#include <qk.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 140

struct rule {
  const char *start; /* of the server's words */
  struct qkr_fault fault;
};

/* The first that fits. */
static const struct rule rules[] = {
    {"NOSCRIPT", {QKR_FAULT_NOSCRIPT, QK_ESTORE, "the server keeps no scripts", 0}},
    {"MOVED ", {QKR_FAULT_MOVED, QK_ESTORE, "the cluster keeps sending us elsewhere", 0}},
    {"ASK ", {QKR_FAULT_ASK, QK_ESTORE, "the cluster keeps sending us elsewhere", 0}},
    {"TRYAGAIN", {QKR_FAULT_LATER, QK_ESTORE, "a slot of the cluster is moving", 0}},
    {"LOADING", {QKR_FAULT_LATER, QK_ESTORE, "the server is loading its data", 0}},
    {"MASTERDOWN", {QKR_FAULT_LATER, QK_ESTORE, "the server has lost its master", 0}},
    {"BUSY ", {QKR_FAULT_LATER, QK_ESTORE, "the server is busy with a script that is not ours", 0}},
    {"UNKILLABLE", {QKR_FAULT_LATER, QK_ESTORE, "the server is busy with a script that is not ours", 0}},
    {"ERR max number of clients",
     {QKR_FAULT_LATER, QK_ESTORE, "the server has too many clients: raise maxclients", 0}},
    {"CLUSTERDOWN", {QKR_FAULT_DOWN, QK_ESTORE, "the cluster is down, or does not cover every slot", 0}},
    {"READONLY", {QKR_FAULT_READONLY, QK_ESTORE, "the server is a replica and takes no writes", 0}},
    {"NOREPLICAS",
     {QKR_FAULT_FINAL, QK_ESTORE, "the server has fewer replicas than its min-replicas-to-write", 0}},
    {"MISCONF", {QKR_FAULT_FINAL, QK_ESTORE, "the server cannot write to its disk and refuses writes", 0}},
    {"OOM", {QKR_FAULT_FINAL, QK_ESTORE, "the server has reached maxmemory", 0}},
    {"NOAUTH", {QKR_FAULT_FINAL, QK_EDENIED, "the server wants a password: put it in the URI", 0}},
    {"WRONGPASS", {QKR_FAULT_FINAL, QK_EDENIED, "the server refuses the user or the password", 0}},
    {"ERR invalid password", {QKR_FAULT_FINAL, QK_EDENIED, "the server refuses the password", 0}},
    {"ERR AUTH ", {QKR_FAULT_FINAL, QK_EDENIED, "a password was given, but the server has none", 0}},
    {"ERR Client sent AUTH",
     {QKR_FAULT_FINAL, QK_EDENIED, "a password was given, but the server has none", 0}},
    {"NOPERM", {QKR_FAULT_FINAL, QK_EDENIED, "the server's ACL forbids a command or a key: allow it", 1}},
    {"DENIED",
     {QKR_FAULT_FINAL, QK_EDENIED, "the server runs in protected mode: bind it or set a password", 0}},
    {"ERR unknown command", {QKR_FAULT_FINAL, QK_EDENIED, "the server lacks a command", 1}},
    {"ERR Unknown Redis command", {QKR_FAULT_FINAL, QK_EDENIED, "the server lacks a command", 1}},
    {"ERR This Redis command is not allowed",
     {QKR_FAULT_FINAL, QK_EDENIED, "the server forbids a command", 1}},
    {"ERR DB index", {QKR_FAULT_FINAL, QK_EDENIED, "the server has no database of that number", 0}},
    {"ERR invalid DB index", {QKR_FAULT_FINAL, QK_EDENIED, "the server has no database of that number", 0}},
    {"ERR This instance has cluster support disabled",
     {QKR_FAULT_FINAL, QK_EDENIED, "the server is no cluster node: use redis:// instead of redis+cluster://",
      0}},
    {"WRONGTYPE", {QKR_FAULT_FINAL, QK_ESTATE, "a key of this prefix holds something that is not ours", 0}},
    {"CROSSSLOT", {QKR_FAULT_FINAL, QK_ESTATE, "the keys of one call lie in several slots", 0}},
    {"", {QKR_FAULT_FINAL, QK_ESTATE, "the server reports an error", 1}}};

/* In a script's error the reason may stand behind other words: "ERR Error running script ...: WRONGTYPE ...",
 * "The user executing the script can't run this command". */
static const struct rule inner_rules[] = {
    {"The user executing the script",
     {QKR_FAULT_FINAL, QK_EDENIED, "the server's ACL forbids a command of our scripts", 1}},
    {"No permissions to access a key",
     {QKR_FAULT_FINAL, QK_EDENIED, "the server's ACL forbids our keys: allow the prefix", 0}},
    {"Unknown Redis command", {QKR_FAULT_FINAL, QK_EDENIED, "the server lacks a command of our scripts", 1}},
    {"Unknown command called from script",
     {QKR_FAULT_FINAL, QK_EDENIED, "the server lacks a command of our scripts", 1}},
    {"WRONGTYPE", {QKR_FAULT_FINAL, QK_ESTATE, "a key of this prefix holds something that is not ours", 0}},
    {"-READONLY", {QKR_FAULT_READONLY, QK_ESTORE, "the server is a replica and takes no writes", 0}},
    {"-MISCONF", {QKR_FAULT_FINAL, QK_ESTORE, "the server cannot write to its disk and refuses writes", 0}},
    {"-NOREPLICAS",
     {QKR_FAULT_FINAL, QK_ESTORE, "the server has fewer replicas than its min-replicas-to-write", 0}},
    {"-OOM", {QKR_FAULT_FINAL, QK_ESTORE, "the server has reached maxmemory", 0}}};

struct qkr_fault qkr_fault_of(const char *text)
{
  const struct rule *rule = rules;
  while (strncmp(text, rule->start, strlen(rule->start)) != 0)
    rule++;
  if (rule->fault.code == QK_ESTATE || !strncmp(text, "NOPERM", 6))
    for (size_t i = 0; i < sizeof inner_rules / sizeof *inner_rules; i++)
      if (strstr(text, inner_rules[i].start))
        return inner_rules[i].fault;
  return rule->fault;
}

void qkr_fault_describe(const struct qkr_fault *fault, const char *words, char *out, size_t size)
{
  char shown[WORDS_MAX + 1];
  size_t n = 0;
  if (!fault->quote) {
    snprintf(out, size, "%s", fault->text);
    return;
  }
  const char *where = strstr(words, " script: "); /* its SHA-1 and line tell nobody anything */
  size_t len = where ? (size_t)(where - words) : strlen(words);
  for (; n < WORDS_MAX && n < len; n++)
    shown[n] = words[n] >= ' ' && words[n] <= '~' ? words[n] : '?';
  shown[n] = '\0';
  snprintf(out, size, "%s: %s", fault->text, shown);
}
