#include "peer.h"
#include "side.h"

static void *create(void)
{
  return peer_create();
}

static void destroy(void *line)
{
  peer_destroy(line);
}

static int enter(void *line, const char *user)
{
  return peer_enter(line, user, 0);
}

static int poll_one(void *line, const char *user, uint64_t *position)
{
  return peer_poll(line, user, position);
}

static int release(void *line, const char *user)
{
  return peer_release(line, user);
}

static int tick(void *line, uint64_t *moved)
{
  *moved = peer_tick(line, SIDE_TICK);
  return 0;
}

const struct side side_peer = {
    .name = "peer",
    .create = create,
    .destroy = destroy,
    .enter = enter,
    .poll = poll_one,
    .release = release,
    .tick = tick,
};
