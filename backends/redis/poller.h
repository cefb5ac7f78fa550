/* What the wire needs of the system beyond POSIX: one descriptor that stands for many sockets and one timer
 * (epoll and timerfd, Linux). */
#ifndef QKR_POLLER_H
#define QKR_POLLER_H

#include <stdint.h>

struct qkr_poller {
  int fd; /* readable while a socket has news or the timer has run out */
  int timer;
  int alarm;      /* an eventfd: raised by any thread */
  int64_t due_us; /* when the timer runs out; INT64_MAX = never */
};

struct qkr_news {
  void *owner; /* of the socket */
  int can_read, can_write;
};

/* Monotonic time. */
int64_t qkr_now_us(void);

/* QK_OK or QK_ESTORE. */
int qkr_poller_init(struct qkr_poller *poller);
/* Closes descriptors, nothing else: what is watched stays watched in the parent of a fork. */
void qkr_poller_finish(struct qkr_poller *poller);

/* Watch a socket for reading, and for room to write too if so. QK_OK or QK_ESTORE. */
int qkr_poller_add(const struct qkr_poller *poller, int fd, void *owner, int writing);
int qkr_poller_change(const struct qkr_poller *poller, int fd, void *owner, int writing);
/* Before close(): a copy of the socket in a child of fork() would go on reporting. */
void qkr_poller_remove(const struct qkr_poller *poller, int fd);

/* Be readable at due_us at the latest; sooner does no harm. */
void qkr_poller_set(struct qkr_poller *poller, int64_t due_us);
/* End the wait of another thread, or the next one. */
void qkr_poller_wake(const struct qkr_poller *poller);
/* Wait at most timeout_ms (-1: for ever). Returns how many news there are; a signal ends the wait. */
int qkr_poller_wait(struct qkr_poller *poller, struct qkr_news *news, int max, int timeout_ms);

#endif
