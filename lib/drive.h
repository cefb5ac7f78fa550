/* Leader and followers: of all threads that wait for an asynchronous backend one is inside its process(), the
 * leader; the others sleep until their own wait is over or the leader hands over to them. No thread of our
 * own is needed, and nobody waits behind a lock while another does the I/O.
 *
 * Schmidt, O'Ryan, Kircher, Pyarali, Buschmann: "Leader/Followers", 2000. */
#ifndef QKI_DRIVE_H
#define QKI_DRIVE_H

#include <pthread.h>

#include <qk_backend.h>

struct qki_follower;

struct qki_drive {
  pthread_mutex_t lock;
  int driving; /* somebody leads */
  int parked;  /* reapers that sleep while somebody else leads */
  struct qki_follower *first, **last;
  int free_fd; /* raised for them when nobody leads any more */
};

/* QK_OK, QK_ENOMEM, or QK_ESTORE if no descriptor is left. */
int qki_drive_init(struct qki_drive *drive);
/* forked = 1: the lock may be held for ever. */
void qki_drive_finish(struct qki_drive *drive, int forked);

/* Let the backend do what is due, without waiting. 0 if another thread is at it. */
int qki_drive_once(qk_store *store);
/* Announce a thread that is about to sleep although the backend's descriptor may be readable: 1 if another
 * thread leads; then free_fd is raised when that ends. qki_drive_unpark() afterwards. */
int qki_drive_park(struct qki_drive *drive);
void qki_drive_unpark(struct qki_drive *drive);

#endif
