// SPDX-License-Identifier: Apache-2.0
// A game of a few lines for the agent's tests: --id, --kind server|editor, --domain, --hz, --series, --entities, --bits
// HEX (also more than one). It ticks until it is killed, and prints each tick at which it stood parked and each applied
// value. With --bits, tick T samples the (T modulo their number)-th of them as both kinds of value.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "agent/probe/qd.h"

namespace {

struct Options {
  std::string id = "server-1", kind = "server", domain;
  double hz = 60;
  int series = 4, entities = 0;
  std::vector<std::string> bits;  // hexadecimal
  bool guarded = false;
};

// Series whose values are bits that were asked for, not numbers that were computed.
class Bits {
 public:
  Bits(qd_probe* probe, const std::vector<std::string>& hex) : probe_(probe) {
    for (const std::string& one : hex) bits_.push_back(std::stoull(one, nullptr, 16));
    if (bits_.empty()) return;
    real_ = qd_series_f64(probe, "bits.f64", "");
    integer_ = qd_series_i64(probe, "bits.i64", "", 0);
  }
  void sample(std::uint64_t tick) {
    if (bits_.empty()) return;
    const std::uint64_t bits = bits_[tick % bits_.size()];
    double real = 0;
    std::memcpy(&real, &bits, sizeof real);
    qd_sample_f64(probe_, real_, real);
    qd_sample_i64(probe_, integer_, static_cast<std::int64_t>(bits));
  }

 private:
  qd_probe* probe_;
  std::vector<std::uint64_t> bits_;
  qd_series real_{}, integer_{};
};

double g_density = 1, g_speed = 1, g_risky = 1;

int echo(void*, const qd_field* args, std::uint32_t count, char* result, std::size_t size) {
  std::snprintf(result, size, "echo %s", count > 0 && args[0].value.text ? args[0].value.text : "");
  return 0;
}

qd_probe* open(const Options& options) {
  qd_config config{};
  config.id = options.id.c_str();
  config.kind = options.kind == "editor" ? QD_KIND_EDITOR : QD_KIND_SERVER;
  config.domain = options.domain.c_str();
  config.tick_hz = options.hz;
  config.reconnect_ns = 100'000'000;
  char error[256];
  qd_probe* probe = qd_open(&config, error, sizeof error);
  if (!probe) fmt::print(stderr, "{}\n", error);
  return probe;
}

void declareReal(qd_probe* probe, const char* name, double* bind, qd_risk risk) {
  qd_param_desc made{};
  made.name = name;
  made.type = QD_TYPE_F64;
  made.initial = qd_f64(1);
  made.min = qd_f64(0);
  made.max = qd_f64(1e6);
  made.risk = risk;
  made.bind = bind;
  made.bind_size = sizeof *bind;
  qd_param_declare(probe, &made);
}

void declareRest(qd_probe* probe) {
  qd_param_desc density{};
  density.name = "npc.density";
  density.type = QD_TYPE_F64;
  density.initial = qd_f64(1);
  density.min = qd_f64(0);
  density.max = qd_f64(4);
  density.bind = &g_density;
  density.bind_size = sizeof g_density;
  qd_param_declare(probe, &density);
  qd_action_desc action{};
  action.name = "echo";
  qd_arg_desc argument{"text", QD_TYPE_STRING, 1, "what to say"};
  action.args = &argument;
  action.arg_count = 1;
  action.run = echo;
  qd_action_declare(probe, &action);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("test game");
  app.add_option("--id", options.id);
  app.add_option("--kind", options.kind);
  app.add_option("--domain", options.domain);
  app.add_option("--hz", options.hz);
  app.add_option("--series", options.series);
  app.add_option("--entities", options.entities);
  app.add_option("--bits", options.bits);
  app.add_flag("--guarded", options.guarded,
               "with tick.duration (20 ms more for each density above 1), two more parameters");
  CLI11_PARSE(app, argc, argv);
  qd_probe* probe = open(options);
  if (!probe) return 1;
  std::vector<qd_series> series;
  for (int i = 0; i < options.series; ++i) {
    series.push_back(i % 2 == 0 ? qd_series_i64(probe, fmt::format("test.i{}", i).c_str(), "ms", 6)
                                : qd_series_f64(probe, fmt::format("test.f{}", i).c_str(), "m"));
  }
  Bits bits(probe, options.bits);
  declareRest(probe);
  qd_series duration = -1;
  if (options.guarded) {
    duration = qd_series_i64(probe, "tick.duration", "ms", 6);
    declareReal(probe, "npc.speed", &g_speed, QD_GUARDED);
    declareReal(probe, "server.risky", &g_risky, QD_DANGEROUS);
  }
  qd_site* site = qd_site_declare(probe, "combat.hit", "game_main.cpp", 77, "damage");
  std::vector<qd_entity> entities(static_cast<std::size_t>(options.entities));
  const bool editor = options.kind == "editor";
  auto next = std::chrono::steady_clock::now();
  for (std::uint64_t tick = 1;; ++tick) {
    if (editor) {
      qd_frame_begin(probe, tick, tick << 16, tick + 2);
    } else {
      qd_tick_begin(probe, tick);
    }
    for (std::size_t i = 0; i < series.size(); ++i) {
      const auto value = static_cast<std::int64_t>(tick * 1000 + i);
      if (i % 2 == 0) qd_sample_i64(probe, series[i], value);
      if (i % 2 == 1) qd_sample_f64(probe, series[i], static_cast<double>(value) * g_density);
    }
    bits.sample(tick);
    if (options.guarded) {
      qd_sample_i64(probe, duration, static_cast<std::int64_t>(2e6 + (g_density - 1) * 20e6));
    }
    for (std::size_t i = 0; i < entities.size(); ++i) {
      entities[i].id = static_cast<std::uint32_t>(i);
      entities[i].x = static_cast<std::int64_t>(tick * 100 + i);
    }
    if (!entities.empty()) {
      qd_entities(probe, editor ? QD_ENTITIES_RENDERED : QD_ENTITIES_AUTHORITATIVE, tick << 16, entities.data(),
                  static_cast<std::uint32_t>(entities.size()));
    }
    if (tick % 60 == 0) qd_logf(probe, QD_INFO, "game", "tick %llu", static_cast<unsigned long long>(tick));
    if (qd_site_enabled(site)) {
      const qd_field damage = qd_kv("damage", qd_i64(static_cast<std::int64_t>(tick % 10)));
      qd_site_hit(probe, site, &damage, 1);
    }
    const std::uint64_t parked = editor ? qd_frame_end(probe) : qd_tick_end(probe);
    if (parked > 0) {
      fmt::print("{{\"parked_ns\":{},\"tick\":{}}}\n", parked, tick);
      std::fflush(stdout);
      next = std::chrono::steady_clock::now();
    }
    next += std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / options.hz));
    std::this_thread::sleep_until(next);
  }
}
