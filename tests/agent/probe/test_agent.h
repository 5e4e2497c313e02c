// SPDX-License-Identifier: Apache-2.0
#pragma once
// A small agent that speaks the real wire, for tests: listens on a Unix socket in a directory of its own, accepts one
// probe at a time and reads its frames and lane through the probe's own reader helpers. Every wait has a deadline; what
// does not come in time is a failed test. Thread: one.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/probe/frames.h"
#include "agent/probe/lane_reader.h"
#include "agent/probe/qd.h"

namespace qd::test {

using Clock = std::chrono::steady_clock;

inline std::string text(qd_str s) {
  return std::string(s.data, s.size);
}
inline std::string text(const qd_value& v) {
  return v.text ? std::string(v.text, v.size) : std::string();
}

// Calls step until it returns true; false when the deadline passed first.
inline bool until(const std::function<bool()>& step, std::chrono::milliseconds deadline = std::chrono::seconds(5)) {
  const auto end = Clock::now() + deadline;
  while (!step()) {
    if (Clock::now() > end) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

struct Frame {
  uint16_t type = 0;
  std::vector<uint8_t> bytes;
  qd_cursor body() const { return qd_cursor_of(bytes.data(), bytes.size()); }
};

struct TempDir {
  TempDir() {
    char name[] = "/tmp/qd-probe-XXXXXX";
    path = mkdtemp(name);
  }
  ~TempDir() {
    unlink((path + "/probe.sock").c_str());
    rmdir(path.c_str());
  }
  std::string socket() const { return path + "/probe.sock"; }
  std::string path;
};

class TestAgent {
 public:
  explicit TestAgent(const std::string& path) {
    unlink(path.c_str());
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ok_ = bind(listener_, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0 && listen(listener_, 8) == 0;
  }
  ~TestAgent() {
    hang_up();
    if (listener_ >= 0) close(listener_);
    if (memfd_ >= 0) close(memfd_);
  }
  TestAgent(const TestAgent&) = delete;
  TestAgent& operator=(const TestAgent&) = delete;

  bool ok() const { return ok_; }
  // Drops the connection and the mapping, as a killed agent would.
  void hang_up() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
    in_.clear();
    lane_.reset();
  }

  bool try_accept() {
    if (fd_ < 0) fd_ = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd_ >= 0;
  }

  // Reads what is there without waiting; false when the peer is gone.
  bool pump() {
    for (;;) {
      uint8_t data[65536];
      char control[CMSG_SPACE(sizeof(int))];
      iovec v{data, sizeof data};
      msghdr m{};
      m.msg_iov = &v;
      m.msg_iovlen = 1;
      m.msg_control = control;
      m.msg_controllen = sizeof control;
      const ssize_t n = recvmsg(fd_, &m, MSG_CMSG_CLOEXEC);
      if (n < 0) return errno == EAGAIN;
      if (n == 0) return false;
      take_fd(m);
      in_.insert(in_.end(), data, data + n);
    }
  }

  std::optional<Frame> next() {
    qd_frame f;
    const int64_t n = qd_frame_next(in_.data(), in_.size(), &f);
    if (n <= 0) return std::nullopt;
    Frame out{f.type, {f.body.at, f.body.end}};
    in_.erase(in_.begin(), in_.begin() + n);
    return out;
  }

  // The next frame of that type, others are skipped; step drives the game meanwhile.
  std::optional<Frame> wait_for(uint16_t type, const std::function<void()>& step = {},
                                std::chrono::milliseconds deadline = std::chrono::seconds(5)) {
    std::optional<Frame> found;
    until(
        [&] {
          if (step) step();
          if (fd_ < 0 && !try_accept()) return false;
          if (!pump() && in_.empty()) return true;
          while (auto f = next())
            if (f->type == type) {
              found = std::move(f);
              return true;
            }
          return false;
        },
        deadline);
    return found;
  }

  template <typename Encode>
  void send(qd_frame_type type, Encode encode) {
    qd_writer w{};
    w.max_bytes = QD_FRAME_MAX;
    qd_frame_start(&w, type);
    encode(&w);
    qd_frame_finish(&w);
    send_bytes(w.data, w.size);
    qd_writer_free(&w);
  }
  void send_bytes(const void* data, size_t size) {
    if (::send(fd_, data, size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) ok_ = false;
    if (lane_) qd_lane_poke(lane_.get());
  }

  // Takes the hello, opens the lane, welcomes, waits for DECLARED.
  bool attach(const std::function<void()>& step) {
    if (!wait_hello(step)) return false;
    welcome();
    return wait_for(QD_F_DECLARED, step).has_value();
  }
  bool wait_hello(const std::function<void()>& step) {
    hello_ = wait_for(QD_F_HELLO, step);
    if (!hello_) return false;
    qd_cursor c = hello_->body();
    qd_hello h;
    if (!qd_get_hello(&c, &h) || memfd_ < 0) return false;
    lane_.reset(qd_lane_open(dup(memfd_), h.instance, error_, sizeof error_));
    return lane_ != nullptr;
  }
  void welcome() {
    send(QD_F_WELCOME, [](qd_writer* w) {
      qd_welcome m{QD_PROTOCOL, qd_str_of("test-agent")};
      qd_put_welcome(w, &m);
    });
  }

  // Everything of one ring that is there now, committed.
  std::vector<qd_lane_item> drain(uint32_t ring = 0) {
    std::vector<qd_lane_item> all;
    std::vector<qd_lane_item> some(512);
    for (;;) {
      const int64_t n = qd_lane_read(lane_.get(), ring, some.data(), some.size());
      if (n <= 0) break;
      for (int64_t i = 0; i < n; i++) {
        if (some[i].type == QD_REC_BLOB)
          blobs_.emplace_back(qd_lane_blobs(lane_.get()) + some[i].blob_offset,
                              qd_lane_blobs(lane_.get()) + some[i].blob_offset + some[i].blob_bytes);
        all.push_back(some[i]);
      }
      qd_lane_commit(lane_.get(), ring);
    }
    return all;
  }

  qd_lane* lane() { return lane_.get(); }
  int memfd() const { return memfd_; }
  const Frame& hello() const { return *hello_; }
  const std::vector<std::vector<uint8_t>>& blobs() const { return blobs_; }
  const char* error() const { return error_; }

 private:
  struct CloseLane {
    void operator()(qd_lane* lane) const { qd_lane_close(lane); }
  };

  void take_fd(msghdr& m) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
      if (c->cmsg_type != SCM_RIGHTS) continue;
      if (memfd_ >= 0) close(memfd_);
      std::memcpy(&memfd_, CMSG_DATA(c), sizeof memfd_);
    }
  }

  int listener_ = -1, fd_ = -1, memfd_ = -1;
  bool ok_ = false;
  std::vector<uint8_t> in_;
  std::unique_ptr<qd_lane, CloseLane> lane_;
  std::optional<Frame> hello_;
  std::vector<std::vector<uint8_t>> blobs_;
  char error_[256] = {};
};

struct CloseProbe {
  void operator()(qd_probe* p) const { qd_close(p); }
};
using Probe = std::unique_ptr<qd_probe, CloseProbe>;

inline qd_config server_config(const std::string& socket) {
  static thread_local std::string path;
  path = socket;
  qd_config c{};
  c.id = "server-1";
  c.kind = QD_KIND_SERVER;
  c.tick_hz = 60;
  c.socket_path = path.c_str();
  c.rings = 3;
  c.reconnect_ns = 1'000'000;
  return c;
}

// A game in this thread: one tick a step.
struct Game {
  explicit Game(const qd_config& c) : probe(qd_open(&c, error, sizeof error)) {}
  void step() {
    qd_tick_begin(probe.get(), ++tick);
    qd_tick_end(probe.get());
  }
  std::function<void()> stepper() {
    return [this] { step(); };
  }
  char error[256] = {};
  Probe probe;
  uint64_t tick = 0;
};

}  // namespace qd::test
