#include "drive.h"

#include <errno.h>
#include <semaphore.h>
#include <unistd.h>

#include "platform.h"
#include "store.h"

/* A thread that waits while another leads. It always sleeps until it is woken, and whoever wakes it has taken
 * it off the list: so the waker is the last to touch it. */
struct qki_follower {
  struct qki_follower *next, **before;
  qk_wait *wait;
  int leads; /* why it was woken */
  sem_t woken;
};

int qki_drive_init(struct qki_drive *drive)
{
  *drive = (struct qki_drive){.free_fd = qki_flag_open()};
  if (drive->free_fd < 0)
    return QK_ESTORE;
  drive->last = &drive->first;
  if (pthread_mutex_init(&drive->lock, NULL) == 0)
    return QK_OK;
  close(drive->free_fd);
  return QK_ENOMEM;
}

void qki_drive_finish(struct qki_drive *drive, int forked)
{
  close(drive->free_fd);
  if (!forked)
    pthread_mutex_destroy(&drive->lock);
}

static void append_locked(struct qki_drive *drive, struct qki_follower *follower)
{
  follower->next = NULL;
  follower->before = drive->last;
  *drive->last = follower;
  drive->last = &follower->next;
  follower->wait->internal = follower;
}

static void remove_locked(struct qki_drive *drive, struct qki_follower *follower)
{
  *follower->before = follower->next;
  if (follower->next)
    follower->next->before = follower->before;
  else
    drive->last = follower->before;
  follower->wait->internal = NULL;
}

/* The leader steps down: the follower that waits longest leads, or nobody does. Unlocks. */
static void hand_over_and_unlock(struct qki_drive *drive)
{
  struct qki_follower *heir = drive->first;
  if (heir) {
    remove_locked(drive, heir);
    heir->leads = 1;
  } else {
    drive->driving = 0;
    if (drive->parked > 0)
      qki_flag_raise(drive->free_fd);
  }
  pthread_mutex_unlock(&drive->lock);
  if (heir)
    sem_post(&heir->woken);
}

/* Sleep until woken. 1 if this thread leads now, 0 if its wait is over. Unlocks. */
static int follow_and_unlock(struct qki_drive *drive, qk_wait *wait)
{
  struct qki_follower me = {.wait = wait};
  sem_init(&me.woken, 0, 0);
  append_locked(drive, &me);
  pthread_mutex_unlock(&drive->lock);
  while (sem_wait(&me.woken) != 0 && errno == EINTR)
    ;
  sem_destroy(&me.woken);
  return me.leads;
}

void qk_host_wait(qk_host *host, qk_wait *wait)
{
  qk_store *store = (qk_store *)host;
  struct qki_drive *drive = &store->drive;
  pthread_mutex_lock(&drive->lock);
  if (wait->is_over) {
    pthread_mutex_unlock(&drive->lock);
    return;
  }
  if (drive->driving) {
    if (!follow_and_unlock(drive, wait))
      return;
    pthread_mutex_lock(&drive->lock);
  }
  drive->driving = 1;
  while (!wait->is_over) {
    pthread_mutex_unlock(&drive->lock);
    store->ops->process(store->backend, -1);
    pthread_mutex_lock(&drive->lock);
  }
  hand_over_and_unlock(drive);
}

void qk_host_over(qk_host *host, qk_wait *wait)
{
  struct qki_drive *drive = &((qk_store *)host)->drive;
  pthread_mutex_lock(&drive->lock);
  struct qki_follower *follower = wait->internal;
  wait->is_over = 1;
  if (follower)
    remove_locked(drive, follower);
  pthread_mutex_unlock(&drive->lock);
  if (follower)
    sem_post(&follower->woken);
}

int qki_drive_once(qk_store *store)
{
  struct qki_drive *drive = &store->drive;
  pthread_mutex_lock(&drive->lock);
  int mine = !drive->driving;
  if (mine)
    drive->driving = 1;
  pthread_mutex_unlock(&drive->lock);
  if (!mine)
    return 0;
  store->ops->process(store->backend, 0);
  pthread_mutex_lock(&drive->lock);
  hand_over_and_unlock(drive);
  return 1;
}

int qki_drive_park(struct qki_drive *drive)
{
  pthread_mutex_lock(&drive->lock);
  int parks = drive->driving;
  if (parks) {
    drive->parked++;
    qki_flag_clear(drive->free_fd);
  }
  pthread_mutex_unlock(&drive->lock);
  return parks;
}

void qki_drive_unpark(struct qki_drive *drive)
{
  pthread_mutex_lock(&drive->lock);
  drive->parked--;
  pthread_mutex_unlock(&drive->lock);
}
