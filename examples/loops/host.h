/* A small host of queues on a unix socket, for any event loop. One line is one request:
 *
 *     enter QUEUE USER [CLASS]
 *     poll | activate | extend | release   QUEUE USER, or TOKEN
 *
 * and one line of JSON is the answer, in the order of the requests of that connection:
 *
 *     {"code":0,"text":"...","token":"...","ticket":{...}}
 *
 * host.c and talk.c know no event loop; loop_epoll.c, loop_libuv.c and loop_libevent.c know nothing else. All
 * of it runs on one thread. */
#ifndef LOOPS_HOST_H
#define LOOPS_HOST_H

#include <stdint.h>

struct host;
struct loop;

/* A descriptor that the loop looks at. */
struct watch {
  int fd;
  void (*ready)(struct watch *watch); /* it is readable or writable, or may be: wake-ups may be for nothing */
  void *owner;                        /* whoever made the watch */
  int events;                         /* the loop's: what it looks for; 0 at first */
  void *handle;                       /* the loop's; NULL at first */
};

enum { WATCH_READ = 1, WATCH_WRITE = 2 };

/* ---- What the host needs of a loop ----------------------------------------------------------------- */

/* Look for these events from now on, level-triggered. 0 = for none: then the descriptor may be closed and the
 * watch be freed, from within its ready() too. Returns 0, or -1 if there is no room for it. */
int loop_watch(struct loop *loop, struct watch *watch, int events);
/* Call host_alarm() once, after so many ms. There is one alarm: this moves it. */
void loop_alarm(struct loop *loop, uint32_t ms);
/* Go back to main() when the present call is over. */
void loop_end(struct loop *loop);

/* ---- What it gives to a loop ----------------------------------------------------------------------- */

/* Open the store and the socket that the arguments name. NULL after a message about what is wrong. */
struct host *host_open(int argc, char **argv, struct loop *loop);
void host_alarm(struct host *host);
/* SIGINT or SIGTERM: read nothing more, answer what was asked, then loop_end(). At once the second time. */
void host_stop(struct host *host);
/* The loop has ended; it is called for the last time. Returns the exit status: 1 if a request was left
 * without an answer, or host is NULL. */
int host_close(struct host *host);

#endif
