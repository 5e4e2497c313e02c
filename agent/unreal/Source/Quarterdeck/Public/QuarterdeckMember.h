// SPDX-License-Identifier: Apache-2.0
#pragma once
// One world as Quarterdeck sees it: the engine-free half of the plugin. A dedicated server is one member; in
// play-in-editor each world (the server's and every client's) is a member of its own, all on one game thread, none of
// which may stand: there the world is paused and polled instead. The tests run this file against the real agent.
//
// Game thread only, but for Log. No exceptions, no RTTI. Texts are UTF-8.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "QuarterdeckConvert.h"

namespace quarterdeck::unreal {

struct MemberConfig {
  std::string id, name;
  std::string domain;   // of a client: the server's id; empty: this is a server
  double tickHz = 30;   // of the server
  double frameHz = 60;  // of a client
  std::string version, map;
  std::string socket, token;  // empty: the environment's
  bool inEditor = false;      // the game thread must not stand
  std::function<void(bool)> pauseWorld;
};

struct NetStats {
  double inBytesPerSecond = 0, outBytesPerSecond = 0;
  double inLossPercent = 0, outLossPercent = 0;
  double pingMs = -1;  // of a client to its server; negative: none
  int connections = 0;
};

struct Pose {
  std::uint32_t id = 0;
  std::uint32_t flags = 0;  // QD_ENTITY_…
  Vector location, velocity;
  Quaternion rotation;
};

class Member {
 public:
  Member() = default;
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  // False with one sentence; the world runs on without.
  bool Open(const MemberConfig& config, std::string& error);
  bool IsOpen() const { return probe_ != nullptr; }
  bool IsServer() const { return config_.domain.empty(); }
  bool Connected() const { return qd_connected(probe_) != 0; }

  // Around one tick of the world. `serverSeconds`: the server's world time, on a client as the game state estimates it.
  void BeginTick(double serverSeconds, double deltaSeconds);
  void EndTick();
  // Every frame of the engine, also while the world is paused. True while it must stand.
  bool Poll();
  bool Standing() const { return standing_; }
  std::uint64_t Tick() const { return tick_; }

  void Poses(const std::vector<Pose>& poses);
  void Net(const NetStats& stats);
  void Sample(const std::string& name, const std::string& unit, double value);
  void Event(const std::string& name, const std::vector<std::pair<std::string, std::string>>& fields);
  void Log(qd_level level, const char* category, const char* text);  // any thread
  void MapLoaded(const std::string& map);                            // another segment
  void Patched();                                                    // Live Coding

  // A site by name; the fields are numbers. True when the world will stand at the end of this tick.
  bool Hit(const std::string& name, const char* file, int line,
           const std::vector<std::pair<std::string, double>>& fields);

  struct Parameter {
    std::string name, unit, description, group;
    double value = 0, least = 0, most = 0;  // least == most: unbounded
    bool whole = false, truth = false;
    qd_risk risk = QD_SAFE;
    std::function<void(double)> apply;
  };
  void Declare(const Parameter& parameter);
  void Changed(const std::string& name, double value);  // by the game or its console

  // Something that the game does when asked, without arguments.
  void Declare(const std::string& action, const std::string& description, std::function<bool(std::string& result)> run);

 private:
  struct Bound {
    Parameter parameter;
    qd_param handle = -1;
    double value = 0;
  };
  struct Offered {
    std::function<bool(std::string&)> run;
  };
  static void Applied(void* user, const qd_value* value);
  static int Run(void* user, const qd_field* args, std::uint32_t count, char* result, std::size_t size);
  static void Parked(void* user, int parked, std::uint64_t ns);
  qd_series Series(const std::string& name, const char* unit);

  MemberConfig config_;
  qd_probe* probe_ = nullptr;
  std::uint64_t tick_ = 0, frame_ = 0, startedNs_ = 0;
  bool standing_ = false, inTick_ = false;
  qd_series duration_ = -1, delta_ = -1;
  std::map<std::string, qd_series> series_;
  std::map<std::string, qd_site*> sites_;
  std::map<std::string, Bound> bound_;      // nodes stay where they are: the probe keeps their addresses
  std::map<std::string, Offered> offered_;  // so do these
};

}  // namespace quarterdeck::unreal
