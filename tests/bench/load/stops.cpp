// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/stops.h"

#include <poll.h>
#include <time.h>

#include <cstdio>
#include <optional>

#include "agent/probe/qd.h"

namespace qd::load {
namespace {

constexpr std::uint64_t kTickNs = 1'000'000, kLookNs = 50'000;

bool over(int terminated) {
  pollfd fd{terminated, POLLIN, 0};
  return poll(&fd, 1, 0) > 0;
}

void sleepUntil(std::uint64_t ns) {
  const timespec at{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
}

qd_probe* open(const char* id, qd_kind kind, const std::string& socket) {
  qd_config config{};
  config.id = id;
  config.kind = kind;
  config.domain = "leader";
  config.tick_hz = 1000;
  config.socket_path = socket.c_str();
  config.rings = 1;
  char error[256] = "";
  qd_probe* probe = qd_open(&config, error, sizeof error);
  if (probe == nullptr) std::fprintf(stderr, "qd_load: %s\n", error);
  return probe;
}

void print(const char* what, std::uint64_t ns) {
  std::printf("{\"%s\":%lu}\n", what, static_cast<unsigned long>(ns));
  std::fflush(stdout);
}

}  // namespace

int runLeader(const std::string& socket, int terminated) {
  qd_probe* probe = open("leader", QD_KIND_SERVER, socket);
  if (probe == nullptr) return 1;
  qd_site* site = qd_site_declare(probe, "bench.site", "stops.cpp", 1, "tick");
  std::uint64_t next = qd_now_ns();
  for (std::uint64_t tick = 1; !over(terminated); ++tick) {
    qd_tick_begin(probe, tick);
    std::optional<std::uint64_t> hit;
    if (qd_site_enabled(site)) {
      const qd_field field = qd_kv("tick", qd_i64(static_cast<std::int64_t>(tick)));
      const std::uint64_t now = qd_now_ns();
      if (qd_site_hit(probe, site, &field, 1) != 0) hit = now;
    }
    if (hit) print("hit_ns", *hit);
    if (qd_tick_end(probe) > 0) next = qd_now_ns();
    sleepUntil(next += kTickNs);
  }
  qd_close(probe);
  return 0;
}

// An order names a tick. The peer's ticks are those of the leader's millisecond, always far ahead, so that an order is
// due as soon as it is there: what is measured is its way alone.
int runPeer(const std::string& socket, int terminated) {
  qd_probe* probe = open("peer", QD_KIND_SERVER, socket);
  if (probe == nullptr) return 1;
  std::uint64_t tick = 1'000'000'000;
  while (!over(terminated)) {
    qd_tick_begin(probe, ++tick);
    const std::uint64_t end = qd_now_ns() + kTickNs;
    std::uint64_t seen = 0;
    for (std::uint64_t look = qd_now_ns(); look < end && seen == 0; look += kLookNs) {
      sleepUntil(look);
      if (qd_stop_pending(probe) != 0) seen = qd_now_ns();
    }
    // Once more: an order of the time since the last look would be obeyed without being told of.
    if (seen == 0 && qd_stop_pending(probe) != 0) seen = qd_now_ns();
    if (seen != 0) print("order_ns", seen);
    qd_tick_end(probe);
  }
  qd_close(probe);
  return 0;
}

}  // namespace qd::load
