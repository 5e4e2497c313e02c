// SPDX-License-Identifier: Apache-2.0
// An engine of a page for the engine-free half of the Unreal plugin: one game thread that draws at 60 Hz and ticks a
// server's and a client's world, each a member of its own, neither of which may hold it up. What it is told to pause it
// does not tick. Arguments: the probe's socket, the server's id, whether it is an editor (1) or a dedicated server (0).
// Prints what it pauses, and at the end (a line on stdin, or its end) the longest frame.
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <string>
#include <thread>

#include "QuarterdeckMember.h"

namespace {

using quarterdeck::unreal::Member;
using quarterdeck::unreal::MemberConfig;

struct World {
  Member member;
  bool paused = false;
  double seconds = 0, speed = 600;
  int resets = 0;
};

bool open(World& world, const std::string& socket, const std::string& server, const std::string& id, bool editor) {
  MemberConfig config;
  config.id = id;
  config.domain = id == server ? "" : server;
  config.tickHz = config.frameHz = 60;
  config.version = "host";
  config.map = "Arena";
  config.socket = socket;
  config.inEditor = editor;
  config.pauseWorld = [&world, id](bool pause) {
    world.paused = pause;
    std::printf("{\"%s\":%s}\n", id.c_str(), pause ? "\"paused\"" : "\"running\"");
    std::fflush(stdout);
  };
  std::string error;
  if (world.member.Open(config, error)) return true;
  std::fprintf(stderr, "%s\n", error.c_str());
  return false;
}

void declare(World& world) {
  Member::Parameter speed;
  speed.name = "Arena.WalkSpeed";
  speed.unit = "cm/s";
  speed.value = world.speed;
  speed.most = 1200;
  speed.apply = [&world](double value) { world.speed = value; };
  world.member.Declare(speed);
  world.member.Declare("match.reset", "Puts everybody back", [&world](std::string& result) {
    ++world.resets;
    result = "reset " + std::to_string(world.resets);
    return true;
  });
}

void tick(World& world, double delta) {
  world.seconds += delta;
  world.member.BeginTick(world.seconds, delta);
  const double angle = world.seconds;
  quarterdeck::unreal::Pose pose;
  pose.id = 7;
  pose.flags = QD_ENTITY_PLAYER | QD_ENTITY_ALIVE;
  pose.location = {1000 * std::cos(angle), 1000 * std::sin(angle), 88};
  pose.velocity = {-world.speed * std::sin(angle), world.speed * std::cos(angle), 0};
  world.member.Poses({pose});
  world.member.Sample("walk.speed", "cm/s", world.speed);
  world.member.Net({1000, 2000, 0.5, 0.25, world.member.IsServer() ? -1.0 : 12.5, 1});
  world.member.Hit("combat.hit", "host_main.cpp", __LINE__,
                   {{"victim", double(world.member.Tick() % 8)}, {"damage", 50}});
  world.member.EndTick();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const bool editor = std::string(argv[3]) == "1";
  World server, client;
  if (!open(server, argv[1], argv[2], argv[2], editor)) return 1;
  if (editor && !open(client, argv[1], argv[2], std::string(argv[2]) + "-client-1", true)) return 1;
  declare(server);
  std::atomic<bool> done{false};
  std::thread logs([&] {  // UE_LOG comes from any thread
    for (int i = 0; !done; ++i) {
      server.member.Log(i % 10 == 0 ? QD_WARNING : QD_INFO, "LogHost", ("line " + std::to_string(i)).c_str());
      poll(nullptr, 0, 100);
    }
  });
  server.member.MapLoaded("Arena");
  server.member.Patched();
  std::uint64_t last = qd_now_ns(), longest = 0;
  for (int frame = 0;; ++frame) {
    pollfd input{0, POLLIN, 0};
    if (poll(&input, 1, 1000 / 60) > 0) break;
    for (World* world : {&server, &client}) {
      if (!world->member.IsOpen()) continue;
      world->member.Poll();
      if (!world->paused) tick(*world, 1.0 / 60);
    }
    const std::uint64_t now = qd_now_ns();
    if (frame > 60) longest = std::max(longest, now - last);
    last = now;
  }
  done = true;
  logs.join();
  std::printf("{\"longest_frame_ms\":%.1f,\"resets\":%d}\n", static_cast<double>(longest) / 1e6, server.resets);
  return 0;
}
