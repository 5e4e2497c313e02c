// SPDX-License-Identifier: Apache-2.0
#pragma once
// The probe's C API for C++17 and later: ownership and scopes, nothing else. No exceptions, no RTTI; units, errors and
// thread rules are those of qd.h. Create the Probe on the game thread and let it outlive every thread that samples.
#include <utility>

#include "agent/probe/qd.h"

namespace quarterdeck {

class Probe {
 public:
  Probe() = default;
  explicit Probe(const qd_config& config, char* error = nullptr, size_t error_size = 0)
      : probe_(qd_open(&config, error, error_size)) {}
  Probe(Probe&& other) noexcept : probe_(std::exchange(other.probe_, nullptr)) {}
  Probe& operator=(Probe&& other) noexcept {
    std::swap(probe_, other.probe_);
    return *this;
  }
  ~Probe() { qd_close(probe_); }

  qd_probe* get() const { return probe_; }
  explicit operator bool() const { return probe_ != nullptr; }

 private:
  qd_probe* probe_ = nullptr;
};

// One simulation step. A scope that parks at its end; ask end() for the time it stood where that matters.
class Tick {
 public:
  Tick(const Probe& probe, uint64_t tick) : probe_(probe.get()), start_ns_(qd_tick_begin(probe.get(), tick)) {}
  Tick(const Tick&) = delete;
  Tick& operator=(const Tick&) = delete;
  ~Tick() { end(); }

  uint64_t start_ns() const { return start_ns_; }
  uint64_t end() {
    if (ended_) return 0;
    ended_ = true;
    return qd_tick_end(probe_);
  }

 private:
  qd_probe* probe_;
  uint64_t start_ns_;
  bool ended_ = false;
};

// A worker thread's ring, for as long as the thread works.
class ThreadRing {
 public:
  ThreadRing(const Probe& probe, const char* name) : probe_(probe.get()) { qd_thread_ring(probe_, name); }
  ThreadRing(const ThreadRing&) = delete;
  ThreadRing& operator=(const ThreadRing&) = delete;
  ~ThreadRing() { qd_thread_release(probe_); }

 private:
  qd_probe* probe_;
};

}  // namespace quarterdeck

// A site with its context; the fields are evaluated only while something is armed:
//   QD_SITE(probe, hit_resolved, qd_kv("victim", qd_i64(victim)), qd_kv("damage", qd_f64(damage)));
#define QD_SITE(probe, site, ...)                                                               \
  do {                                                                                          \
    if (qd_site_enabled(site)) {                                                                \
      const qd_field qd_fields_[] = {__VA_ARGS__};                                              \
      qd_site_hit(probe, site, qd_fields_, (uint32_t)(sizeof qd_fields_ / sizeof *qd_fields_)); \
    }                                                                                           \
  } while (false)
