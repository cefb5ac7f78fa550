#include "address.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

void qkr_address_set(struct qkr_address *address, const char *host, size_t len, uint16_t port)
{
  if (len >= sizeof address->host)
    len = sizeof address->host - 1;
  memcpy(address->host, host, len);
  address->host[len] = '\0';
  address->port = port;
}

/* A port in digits; 0 if it is none. */
static uint16_t read_port(const char *text, size_t len)
{
  uint32_t port = 0;
  if (len == 0 || len > 5)
    return 0;
  for (size_t i = 0; i < len; i++) {
    if (text[i] < '0' || text[i] > '9')
      return 0;
    port = port * 10 + (uint32_t)(text[i] - '0');
  }
  return port <= UINT16_MAX ? (uint16_t)port : 0;
}

int qkr_address_parse(struct qkr_address *address, const char *text, size_t len)
{
  size_t colon = len;
  while (colon > 0 && text[colon - 1] != ':')
    colon--;
  if (colon == 0)
    return 0;
  uint16_t port = read_port(text + colon, len - colon);
  if (port == 0 || colon - 1 >= sizeof address->host || memchr(text, '\0', len))
    return 0;
  qkr_address_set(address, text, colon - 1, port);
  return 1;
}

int qkr_address_equal(const struct qkr_address *a, const struct qkr_address *b)
{
  return a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

static int find_path(struct qkr_targets *targets, const char *path, const char **why)
{
  struct sockaddr_un un = {.sun_family = AF_UNIX};
  size_t len = strlen(path);
  if (len >= sizeof un.sun_path) {
    *why = "the path is too long for a socket";
    return QK_ESTORE;
  }
  memcpy(un.sun_path, path, len + 1);
  memcpy(&targets->list[0], &un, sizeof un);
  targets->len[0] = (socklen_t)sizeof un;
  targets->count = 1;
  return QK_OK;
}

int qkr_targets_find(struct qkr_targets *targets, const struct qkr_address *address, const char **why)
{
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
  struct addrinfo *found;
  char port[8];
  targets->count = targets->next = 0;
  if (address->port == 0)
    return find_path(targets, address->host, why);
  snprintf(port, sizeof port, "%u", (unsigned)address->port);
  int failed = getaddrinfo(address->host, port, &hints, &found);
  if (failed) {
    *why = gai_strerror(failed);
    return QK_ESTORE;
  }
  for (struct addrinfo *one = found; one && targets->count < QKR_TARGETS; one = one->ai_next) {
    if (one->ai_addrlen > sizeof targets->list[0])
      continue;
    memcpy(&targets->list[targets->count], one->ai_addr, one->ai_addrlen);
    targets->len[targets->count++] = one->ai_addrlen;
  }
  freeaddrinfo(found);
  *why = "the name has no address";
  return targets->count > 0 ? QK_OK : QK_ESTORE;
}

static int open_socket(int family)
{
  int on = 1;
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && family != AF_UNIX) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
  return fd;
}

int qkr_targets_connect(struct qkr_targets *targets)
{
  const struct sockaddr *target = (const struct sockaddr *)&targets->list[targets->next];
  int fd = open_socket(target->sa_family);
  if (fd >= 0 && connect(fd, target, targets->len[targets->next]) != 0 && errno != EINPROGRESS) {
    int failed = errno;
    close(fd);
    errno = failed;
    fd = -1;
  }
  targets->next++;
  return fd;
}

int qkr_socket_error(int fd)
{
  int failed = 0;
  socklen_t len = (socklen_t)sizeof failed;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 ? failed : errno;
}
