#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>
#include <functional>
#include <new>
#include <string>
#include <unordered_map>
#include <utility>
#include "peer.h"

namespace
{

typedef std::pair<uint32_t, uint64_t> place; /* (class, number) */

struct entry {
  place at;
  bool waiting;
};

typedef std::unordered_map<std::string, entry> user_map;
/* A place leads to its person by pointer, which a rehash leaves valid: a tick then needs no search in the
 * map. */
typedef __gnu_pbds::tree<place, user_map::value_type *, std::less<place>, __gnu_pbds::rb_tree_tag,
                         __gnu_pbds::tree_order_statistics_node_update>
    line_tree;

} // namespace

struct peer {
  user_map users;
  line_tree line;
  uint64_t last_number = 0;
};

struct peer *peer_create(void)
{
  return new (std::nothrow) peer;
}

void peer_destroy(struct peer *peer)
{
  delete peer;
}

int peer_enter(struct peer *peer, const char *user, uint32_t cls)
{
  try {
    place at(cls, peer->last_number + 1);
    auto made = peer->users.emplace(user, entry{at, true}); /* finds and inserts with one hash */
    if (!made.second)
      return 1;
    peer->line.insert(std::make_pair(at, &*made.first));
    peer->last_number++;
  } catch (const std::bad_alloc &) {
    return -1;
  }
  return 0;
}

int peer_poll(const struct peer *peer, const char *user, uint64_t *position)
{
  auto found = peer->users.find(user);
  if (found == peer->users.end())
    return -1;
  const entry &who = found->second;
  *position = who.waiting ? peer->line.order_of_key(who.at) + 1 : 0;
  return 0;
}

size_t peer_tick(struct peer *peer, size_t max)
{
  size_t moved = 0;
  while (moved < max && !peer->line.empty()) {
    auto head = peer->line.begin();
    head->second->second.waiting = false;
    peer->line.erase(head);
    moved++;
  }
  return moved;
}

int peer_release(struct peer *peer, const char *user)
{
  auto found = peer->users.find(user);
  if (found == peer->users.end())
    return -1;
  if (found->second.waiting)
    peer->line.erase(found->second.at);
  peer->users.erase(found);
  return 0;
}
