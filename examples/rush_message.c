#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include "rush_message.h"

int message_send(int fd, const void *data, size_t size)
{
  const char *at = data;
  while (size > 0) {
    ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR)
      return -1;
    if (sent > 0) {
      at += sent;
      size -= (size_t)sent;
    }
  }
  return 0;
}

int message_receive(int fd, void *data, size_t size)
{
  char *at = data;
  while (size > 0) {
    ssize_t got = recv(fd, at, size, 0);
    if (got == 0 || (got < 0 && errno != EINTR))
      return -1;
    if (got > 0) {
      at += got;
      size -= (size_t)got;
    }
  }
  return 0;
}

int message_waits(int fd)
{
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  return poll(&poller, 1, 0) > 0;
}
