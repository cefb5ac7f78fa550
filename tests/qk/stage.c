/* Runs a command beside Redis servers of its own, for tests/qk.sh:
 *
 *     stage single|replica|cluster|sentinels [SETTING VALUE]... -- COMMAND [ARGUMENT]...
 *
 * The settings are as in redis.conf. An argument URI becomes the store's. replica: the URI names one. Exits
 * as the command does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/support/clusters.h"
#include "tests/support/sentinels.h"

enum { URI_SIZE = 512, SETTINGS = 16 };

static int run(char **command, char *uri)
{
  for (char **word = command; *word; word++)
    if (!strcmp(*word, "URI"))
      *word = uri;
  pid_t pid = fork();
  if (pid == 0) {
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
  }
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
    return 126;
  return WEXITSTATUS(status);
}

static int on_server(const char *const *settings, char **command, int as_replica)
{
  char uri[URI_SIZE];
  struct server *server = server_start(settings), *replica = as_replica ? server_start(settings) : NULL;
  if (replica)
    server_follow(replica, server);
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u", (unsigned)(replica ? replica : server)->port);
  int status = run(command, uri);
  server_stop(replica);
  server_stop(server);
  return status;
}

static int on_cluster(const char *const *settings, char **command)
{
  char uri[URI_SIZE];
  struct cluster *cluster = cluster_start(settings);
  cluster_uri(cluster, "", uri, sizeof uri);
  int status = run(command, uri);
  cluster_stop(cluster);
  return status;
}

static int on_sentinels(const char *const *settings, char **command)
{
  char uri[URI_SIZE];
  struct sentinels *sentinels = sentinels_start(settings);
  sentinels_uri(sentinels, "", uri, sizeof uri);
  int status = run(command, uri);
  sentinels_stop(sentinels);
  return status;
}

int main(int argc, char **argv)
{
  const char *settings[SETTINGS + 1] = {NULL};
  int at = 2, missing = servers_missing();
  if (missing)
    return missing;
  for (; at < argc && strcmp(argv[at], "--") != 0 && at - 2 < SETTINGS; at++)
    settings[at - 2] = argv[at];
  if (at + 1 >= argc || strcmp(argv[at], "--") != 0) {
    fprintf(stderr, "usage: stage single|replica|cluster|sentinels [SETTING VALUE]... -- COMMAND...\n");
    return 2;
  }
  char **command = argv + at + 1;
  if (!strcmp(argv[1], "cluster"))
    return on_cluster(settings, command);
  if (!strcmp(argv[1], "sentinels"))
    return on_sentinels(settings, command);
  return on_server(settings, command, !strcmp(argv[1], "replica"));
}
