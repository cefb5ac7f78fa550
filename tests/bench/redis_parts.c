/* What is measured on Redis. A build without it has the figures as well, and says why they are missing. */
#include "redis_parts.h"

#ifdef QK_WITH_REDIS
#define MEASURE(function) .measure = (function)
#else
#define MEASURE(function) .measure = NULL
#endif

#define SAME_GROUP NULL
#define SAME_PEER NULL
#define NO_PEER ""
#define NO_GOAL GOAL_NONE, 0, 0
#define TIMES_PEER(times) GOAL_RATIO, times, 0
#define AT_LEAST(n) GOAL_AT_LEAST, n, 0
#define AT_MOST(n) GOAL_AT_MOST, n, 0
/* A time that few of many calls decide. */
#define NS_TAIL(goal, n) UNIT_NS, goal, n, FIGURE_TAIL_TOLERANCE
#define RATE UNIT_PER_SECOND
#define COUNT UNIT_COUNT
#define BYTES UNIT_BYTES
#define MS 1e6

#define SECTION(name_, kinds_, measure_, in_rounds_)                                                         \
  {                                                                                                          \
    .name = (name_), .kinds = (kinds_), .count = sizeof(kinds_) / sizeof *(kinds_), MEASURE(measure_),       \
    .in_rounds = (in_rounds_), .on_redis = 1                                                                 \
  }

/* clang-format off */
static const struct kind enters[] = {
    {"new people, one process", "redis-benchmark ZADD, 64 deep", "enters_per_s", "enters/s", RATE,
     TIMES_PEER(1.5)},
    {SAME_GROUP, SAME_PEER, "enters_seated_per_s", "the first 5 % get seats", RATE, TIMES_PEER(1.5)},
    {SAME_GROUP, "a script per call, 50 connections", "enters_beside_script_per_s", "enters/s", RATE,
     TIMES_PEER(6)},
    {SAME_GROUP, "six calls each, 50 connections", "enters_beside_six_calls_per_s", "enters/s", RATE,
     NO_GOAL},
};

#define THREADS(n)                                                                                           \
    {n " threads that wait", "a connection and a script call each", "enters_" n "_threads_per_s",            \
     "enters/s", RATE, TIMES_PEER(2)},                                                                       \
    {SAME_GROUP, SAME_PEER, "enter_" n "_threads_p99_ns", "enter, p99", NS_TAIL(GOAL_RATIO, 1)},             \
    {SAME_GROUP, SAME_PEER, "polls_" n "_threads_per_s", "random polls/s", RATE, TIMES_PEER(2)},             \
    {SAME_GROUP, SAME_PEER, "poll_" n "_threads_p99_ns", "poll, p99", NS_TAIL(GOAL_RATIO, 1)}

static const struct kind threads[] = {THREADS("64"), THREADS("256")};

#define TOKENS(group, suffix, goal)                                                                          \
    {group, "a round trip each", "token_polls_" suffix "per_s", "polls/s", RATE, goal},                      \
    {SAME_GROUP, NO_PEER, "token_polls_" suffix "scripts", "script calls a million", COUNT, NO_GOAL}

static const struct kind tokens[] = {
    TOKENS("polls by token, one thread", "", AT_LEAST(2e6)),
    TOKENS("with idle_ms, told within 1 s", "idle_", NO_GOAL),
};

static const struct kind tail[] = {
    {"25,000 let in every 5 s, a poll each ms", "all in one call", "tail_p50_ns", "poll, p50", UNIT_NS,
     NO_GOAL},
    {SAME_GROUP, SAME_PEER, "tail_p99_ns", "poll, p99", NS_TAIL(GOAL_NONE, 0)},
    {SAME_GROUP, SAME_PEER, "tail_p999_ns", "poll, p99.9", NS_TAIL(GOAL_AT_MOST, 5 * MS)},
    {SAME_GROUP, SAME_PEER, "tail_max_ns", "longest poll", NS_TAIL(GOAL_AT_MOST, 20 * MS)},
    {SAME_GROUP, SAME_PEER, "move_ns", "letting 25,000 in takes", NS_TAIL(GOAL_NONE, 0)},
};

static const struct kind bytes[] = {
    {"bytes in Redis per person", "a sorted set", "bytes_waiting", "waiting", BYTES, AT_MOST(130)},
    {SAME_GROUP, NO_PEER, "bytes_waiting_idle", "waiting, idle_ms set, all polled", BYTES, AT_MOST(250)},
    {SAME_GROUP, "the first system's seat", "bytes_active", "active", BYTES, AT_MOST(210)},
};

static const struct kind realtime[] = {
    {"rush, 5,000/s in real time", NO_PEER, "rush_offered", "offered", COUNT, NO_GOAL},
    {SAME_GROUP, SAME_PEER, "rush_accepted", "accepted", COUNT, NO_GOAL},
    {SAME_GROUP, SAME_PEER, "rush_dropped", "dropped: not served in 5 s", COUNT, AT_MOST(0)},
    {SAME_GROUP, SAME_PEER, "rush_faults", "faults seen from outside", COUNT, AT_MOST(0)},
    {SAME_GROUP, SAME_PEER, "rush_enter_p50_ns", "enter, p50", UNIT_NS, NO_GOAL},
    {SAME_GROUP, SAME_PEER, "rush_enter_p95_ns", "enter, p95", NS_TAIL(GOAL_NONE, 0)},
    {SAME_GROUP, SAME_PEER, "rush_enter_p99_ns", "enter, p99", NS_TAIL(GOAL_AT_MOST, 10 * MS)},
    {SAME_GROUP, SAME_PEER, "rush_poll_p50_ns", "poll, p50", UNIT_NS, NO_GOAL},
    {SAME_GROUP, SAME_PEER, "rush_poll_p95_ns", "poll, p95", NS_TAIL(GOAL_NONE, 0)},
    {SAME_GROUP, SAME_PEER, "rush_poll_p99_ns", "poll, p99", NS_TAIL(GOAL_AT_MOST, 10 * MS)},
};

#define HOSTS(ms)                                                                                            \
    {"hosts, the server " ms " ms away", NO_PEER, "host_1_" ms "ms_per_s", "1 host, enters/s", RATE,         \
     NO_GOAL},                                                                                               \
    {SAME_GROUP, "one host", "hosts_2_" ms "ms_per_s", "2 hosts", RATE, TIMES_PEER(1.8)},                    \
    {SAME_GROUP, SAME_PEER, "hosts_4_" ms "ms_per_s", "4 hosts", RATE, TIMES_PEER(3.5)}

static const struct kind hosts[] = {HOSTS("1"), HOSTS("5")};
/* clang-format on */

const struct section section_enters = SECTION("enters", enters, enters_measure, 1);
const struct section section_threads = SECTION("threads", threads, threads_measure, 1);
const struct section section_tokens = SECTION("tokens", tokens, tokens_measure, 1);
const struct section section_tail = SECTION("tail", tail, tail_measure, 0);
const struct section section_bytes = SECTION("bytes", bytes, bytes_measure, 0);
const struct section section_realtime = SECTION("realtime", realtime, realtime_measure, 0);
const struct section section_hosts = SECTION("hosts", hosts, hosts_measure, 1);
