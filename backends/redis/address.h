/* Where a server is: names to socket addresses to sockets. */
#ifndef QKR_ADDRESS_H
#define QKR_ADDRESS_H

#include <sys/socket.h>

#include "settings.h"

#define QKR_TARGETS 8

/* The socket addresses of one server, tried one after the other. */
struct qkr_targets {
  struct sockaddr_storage list[QKR_TARGETS];
  socklen_t len[QKR_TARGETS];
  size_t count, next;
};

/* Set a host (cut if too long) and a port. */
void qkr_address_set(struct qkr_address *address, const char *host, size_t len, uint16_t port);
/* Read "host:port" as MOVED has it, where an IPv6 address stands without brackets; the host may be empty. 1,
 * or 0 if it is no address. */
int qkr_address_parse(struct qkr_address *address, const char *text, size_t len);
int qkr_address_equal(const struct qkr_address *a, const struct qkr_address *b);

/* Look a server up. Blocks if its host is a name. QK_OK, or QK_ESTORE with the reason in *why. */
int qkr_targets_find(struct qkr_targets *targets, const struct qkr_address *address, const char **why);
/* Begin to connect to the next target: a non-blocking socket, or -1 with errno set. */
int qkr_targets_connect(struct qkr_targets *targets);
/* What became of it: 0, or an errno. */
int qkr_socket_error(int fd);

#endif
