// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/game.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace qd::load {
namespace {

constexpr const char* kRegions[] = {"eu-1", "eu-2", "us-1", "us-2", "ap-1"};
constexpr const char* kVersions[] = {"1.4.0", "1.4.1"};

qd_series ofClient(qd_probe* probe, const char* name, const char* unit, int client) {
  const std::string id = std::to_string(client);
  const qd_pair dim{"client", id.c_str()};
  qd_series_desc desc{};
  desc.name = name;
  desc.unit = unit;
  desc.scale = 6;
  desc.dims = &dim;
  desc.dim_count = 1;
  return qd_series_declare(probe, &desc);
}

}  // namespace

Game::Game(const Shape& shape, int index)
    : index_(index),
      budgetNs_(1'000'000'000 / shape.hz),
      random_(static_cast<std::uint64_t>(index) * 2654435761U + 12345),
      players_(shape.players) {
  char id[32];
  std::snprintf(id, sizeof id, "game-%03d", index + 1);
  const qd_pair labels[] = {{"environment", "load"}, {"region", kRegions[index % 5]}, {"pod", id}};
  qd_config config{};
  config.id = id;
  config.kind = QD_KIND_SERVER;
  config.tick_hz = shape.hz;
  config.labels = labels;
  config.label_count = sizeof labels / sizeof *labels;
  config.build_version = kVersions[index % 7 == 0 ? 0 : 1];
  config.socket_path = shape.socket.c_str();
  config.rings = 1;
  config.ring_bytes = 256 << 10;
  config.blob_bytes = 64 << 10;
  char error[256] = "";
  probe_ = qd_open(&config, error, sizeof error);
  if (probe_ == nullptr) {
    std::fprintf(stderr, "qd_load: %s\n", error);
    std::exit(1);
  }
  declare(shape);
}

Game::~Game() {
  qd_close(probe_);
}

void Game::declare(const Shape& shape) {
  qd_series_desc desc{};
  desc.name = "tick.duration";
  desc.unit = "ms";
  desc.scale = 6;
  desc.has_budget = 1;
  desc.budget = static_cast<double>(budgetNs_) / 1e6;
  duration_ = qd_series_declare(probe_, &desc);
  rate_ = qd_series_f64(probe_, "tick.rate", "Hz");
  online_ = qd_series_i64(probe_, "players.online", "count", 0);
  for (int i = 0; i < shape.players; ++i) {
    rtt_.push_back(ofClient(probe_, "net.rtt", "ms", 1 + index_ + i * shape.processes));
  }
  for (int i = 3 + shape.players; i < shape.series; ++i) {
    filler_.push_back(qd_series_i64(probe_, ("load.s" + std::to_string(i)).c_str(), "us", 3));
  }
  qd_param_desc param{};
  param.name = "weather.intensity";
  param.type = QD_TYPE_F64;
  param.initial = qd_f64(intensity_);
  param.min = qd_f64(0);
  param.max = qd_f64(1);
  param.group = "weather";
  param.bind = &intensity_;
  param.bind_size = sizeof intensity_;
  qd_param_declare(probe_, &param);
}

std::int64_t Game::noise(std::int64_t width) {
  random_ = random_ * 6364136223846793005U + 1442695040888963407U;
  return static_cast<std::int64_t>((random_ >> 33) % static_cast<std::uint64_t>(width));
}

// A few servers are close to their budget, one in fifty is over it now and then.
void Game::tick(std::uint64_t tick) {
  qd_tick_begin(probe_, tick);
  std::int64_t work = budgetNs_ / 10 + budgetNs_ / 20 * (index_ % 9) + noise(budgetNs_ / 20);
  if (index_ % 50 == 17 && noise(20) == 0) work += budgetNs_;
  qd_sample_i64(probe_, duration_, work);
  qd_sample_f64(probe_, rate_, 1e9 / static_cast<double>(budgetNs_));
  qd_sample_i64(probe_, online_, players_);
  for (const qd_series rtt : rtt_) qd_sample_i64(probe_, rtt, 30'000'000 + noise(20'000'000));
  for (const qd_series series : filler_) qd_sample_i64(probe_, series, 100'000 + noise(50'000));
  samples_ += 3 + rtt_.size() + filler_.size();
  qd_tick_end(probe_);
}

std::uint64_t Game::dropped() const {
  qd_stats stats{};
  qd_get_stats(probe_, &stats);
  return stats.dropped_records;
}

}  // namespace qd::load
