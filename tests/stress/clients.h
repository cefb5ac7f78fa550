/* The hosts of examples/loops, run as processes, and clients that talk to them. What goes wrong here fails
 * the test. */
#ifndef TESTS_CLIENTS_H
#define TESTS_CLIENTS_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { PATIENCE_MS = 30000 };

/* How many loops there are to test: each test is looped over them. */
extern int loop_count;

/* ---- Hosts ----------------------------------------------------------------------------------------- */

struct loop_host {
  const char *program;
  pid_t pid;
  char socket[108];
  int descriptors; /* when they were counted */
};

/* Start it with so many seats, and wait until it listens. */
void host_start(struct loop_host *host, int loop, const char *seats, const char *uri);
/* The same on the socket of one that has ended. */
void host_start_again(struct loop_host *host, int loop, const char *seats, const char *uri);
/* Start it on the socket of one that runs: its exit status. */
int host_start_beside(const struct loop_host *other, int loop);
/* Send a signal; wait for the end. The exit status; 128 + the number of a signal that ended it. */
int host_end(struct loop_host *host, int number);
int host_wait(struct loop_host *host);
int host_has_socket(const struct loop_host *host);
/* Wait until it uses no processor time worth mentioning, as a loop that turns for nothing does. */
void host_await_rest(struct loop_host *host);
/* Remember how many descriptors it has; wait until it has no more than that again. */
void host_count_descriptors(struct loop_host *host);
void host_await_descriptors(struct loop_host *host);

/* ---- Clients --------------------------------------------------------------------------------------- */

struct client {
  int fd;
  FILE *in;
};

struct answer {
  int code;
  char text[128], token[512], state[16], queue[65], user[129];
  uint64_t number, position;
};

struct client client_connect(const struct loop_host *host);
void client_close(struct client *client);
/* Lines, each with its end. */
void client_send(const struct client *client, const char *text);
/* The next answer: 1; 0 if the host has closed the connection. */
int client_read(struct client *client, struct answer *answer);
/* Send one line, without its end, and return the answer. */
struct answer client_ask(struct client *client, const char *format, ...);
/* It has this code and state. */
#define CHECK_ANSWER(got, code, state) check_answer_at(__LINE__, got, code, state)
void check_answer_at(int line, struct answer got, int code, const char *state);

/* ---- Programs -------------------------------------------------------------------------------------- */

/* Ask again and again until done() gives 1; what: what is waited for. */
void wait_until(const char *what, int (*done)(void *arg), void *arg);
int64_t now_ms(void);
/* Run a suite of tests over the loops that were built; in CI all of them must be. Returns the exit status. */
int clients_main(const char *name, void (*const *adds)(TCase *tests));

#endif
