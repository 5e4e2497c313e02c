// SPDX-License-Identifier: Apache-2.0
// The socket: receiving, the handshake, sending.
#include "agent/daemon/probe_session.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "agent/daemon/probe_values.h"

namespace qd::daemon {
namespace {

constexpr std::size_t kReadChunk = std::size_t{64} << 10;
constexpr int kChunksAtOnce = 16;  // then others have their turn
constexpr std::size_t kMostUnsent = std::size_t{4} << 20;
constexpr std::size_t kMostDescriptors = 4;

// Takes the first descriptor, closes the rest.
int takeDescriptor(msghdr& message) {
  int taken = -1;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof fd);
      if (taken < 0) {
        taken = fd;
      } else {
        ::close(fd);
      }
    }
  }
  return taken;
}

}  // namespace

ProbeSession::ProbeSession(int socket, FlightLog& log, ProcessTable& table, ProbeObserver& observer,
                           const ProbeDoor* door)
    : socket_(socket), log_(log), table_(table), observer_(observer), door_(door), connectedAt_(monotonicNs()) {
  context_.utcOffsetNs = utcOffsetNs();
}

ProbeSession::~ProbeSession() {
  if (lane_) qd_lane_close(lane_);
  if (laneFd_ >= 0) ::close(laneFd_);
  ::close(socket_);
}

Result<> ProbeSession::readable() {
  bool more = true;
  for (int i = 0; i < kChunksAtOnce && more; ++i) {
    if (auto received = receive(more); !received) {
      (void)frames();  // what came before the end still counts
      return received;
    }
    if (auto handled = frames(); !handled) return handled;
  }
  return {};
}

Result<> ProbeSession::receive(bool& more) {
  const std::size_t had = in_.size();
  in_.resize(had + kReadChunk);
  iovec part{in_.data() + had, kReadChunk};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t n = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  const int error = errno;
  in_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  if (n > 0) {
    const int fd = takeDescriptor(message);
    if (fd >= 0 && (laneFd_ >= 0 || lane_)) {
      ::close(fd);
    } else if (fd >= 0) {
      laneFd_ = fd;
    }
    more = static_cast<std::size_t>(n) == kReadChunk;
    return {};
  }
  more = false;
  if (n < 0 && (error == EAGAIN || error == EINTR)) return {};
  if (saidBye_) return fail(ErrorCode::Unavailable, "It closed its probe in order.");
  return fail(ErrorCode::Unavailable, "Its connection broke without a goodbye: it crashed or was killed.");
}

Result<> ProbeSession::frames() {
  std::size_t at = 0;
  while (at < in_.size()) {
    qd_frame next;
    const std::int64_t took = qd_frame_next(in_.data() + at, in_.size() - at, &next);
    if (took < 0) return fail(ErrorCode::Corrupt, "Its probe sent a broken frame.");
    if (took == 0) break;
    if (auto handled = frame(next); !handled) return handled;
    at += static_cast<std::size_t>(took);
  }
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at));
  return {};
}

Result<> ProbeSession::hello(qd_cursor body) {
  qd_hello hello;
  const auto refused = [this](qd_refusal code, std::string reason) -> Result<> {
    refuse(code, reason);
    return fail(ErrorCode::PermissionDenied, std::move(reason));
  };
  if (!qd_get_hello(&body, &hello) || hello.magic != QD_HELLO_MAGIC || hello.instance == 0) {
    return refused(QD_REFUSED_BAD_HELLO, "The hello is broken.");
  }
  if (hello.oldest_protocol > QD_PROTOCOL || hello.protocol < QD_PROTOCOL_OLDEST) {
    return refused(QD_REFUSED_PROTOCOL,
                   fmt::format("This agent speaks probe protocol {} to {}, the probe {} to {}; update the older one.",
                               +QD_PROTOCOL_OLDEST, +QD_PROTOCOL, hello.oldest_protocol, hello.protocol));
  }
  if (!qd_id_valid(hello.id)) {
    return refused(QD_REFUSED_BAD_HELLO, "The process id must be 1 to 64 of [A-Za-z0-9._-].");
  }
  info_.id = ProcessId(std::string(hello.id.data, hello.id.size));
  info_.instance = InstanceId(hello.instance);
  if (auto admitted = observer_.admit(*this); !admitted) {
    return refused(QD_REFUSED_DUPLICATE, admitted.error().message);
  }
  if (laneFd_ < 0) return refused(QD_REFUSED_LANE, "The hello came without the sample lane's descriptor.");
  std::array<char, 256> error{};
  lane_ = qd_lane_open(std::exchange(laneFd_, -1), hello.instance, error.data(), error.size());
  if (!lane_) return refused(QD_REFUSED_LANE, error.data());
  info_.kind = kindOf(hello.kind);
  info_.name = hello.name.size ? lineOf(hello.name) : info_.id.value;
  // What speaks from this very process speaks for another one (an Adopter), whose number nobody knows.
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool own = ::getsockopt(socket_, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == ::getpid();
  info_.pid = own ? 0 : hello.pid;
  info_.domain = info_.kind == ingest::ProcessKind::Editor ? lineOf(hello.domain) : info_.id.value;
  info_.tickHz = hello.tick_hz > 0 && hello.tick_hz < 1e6 ? hello.tick_hz : 0;
  info_.build = {lineOf(hello.build_version), lineOf(hello.build_commit), lineOf(hello.build_id)};
  for (unsigned i = 0; i < hello.count; ++i) {
    qd_pair_item label;
    if (!qd_get_pair(&body, &label)) break;
    info_.labels.emplace_back(lineOf(label.key), lineOf(label.value));
  }
  // Another machine's clock, until the pings know it better.
  if (stream_) context_.utcOffsetNs = utcNowNs() - static_cast<std::int64_t>(hello.monotonic_ns & INT64_MAX);
  info_.started = utc(hello.monotonic_ns);
  if (const auto known = table_.find(ref())) {  // it was connected before: its indices and its age go on
    info_.started = known->started;
    for (const auto& series : known->series) indexFor(series, LaneContext::kUndeclared);
  }
  context_.process = ref();
  context_.domain = info_.domain;
  admitted_ = true;
  openRings();
  sendFrame(QD_F_WELCOME, [](qd_writer* w) {
    const qd_welcome welcome{QD_PROTOCOL, qd_str_of("quarterdeckd")};
    qd_put_welcome(w, &welcome);
  });
  if (stream_) ping(monotonicNs());
  return {};
}

void ProbeSession::refuse(qd_refusal code, const std::string& reason) {
  sendFrame(QD_F_REFUSED, [&](qd_writer* w) {
    const qd_refused refused{static_cast<std::uint8_t>(code),
                             {reason.data(), static_cast<std::uint32_t>(reason.size())}};
    qd_put_refused(w, &refused);
  });
}

bool ProbeSession::hungUp() const {
  char byte = 0;
  const ssize_t n = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void ProbeSession::sendFrame(qd_frame_type type, const std::function<void(qd_writer*)>& put) {
  qd_writer writer{};
  writer.max_bytes = QD_FRAME_MAX + QD_FRAME_HEAD;
  qd_frame_start(&writer, type);
  put(&writer);
  if (qd_frame_finish(&writer) != 0 || out_.size() + writer.size > kMostUnsent) {
    outBroken_ = true;
  } else {
    out_.append(reinterpret_cast<const char*>(writer.data), writer.size);
  }
  qd_writer_free(&writer);
  if (!flushOut()) outBroken_ = true;
  if (lane_) qd_lane_poke(lane_);
}

Result<> ProbeSession::writable() {
  auto flushed = flushOut();
  if (lane_) qd_lane_poke(lane_);
  return flushed;
}

Result<> ProbeSession::flushOut() {
  while (!out_.empty()) {
    const ssize_t n = ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) return fail(ErrorCode::Unavailable, "Its connection broke without a goodbye.");
    out_.erase(0, static_cast<std::size_t>(n));
  }
  const bool want = !out_.empty();
  if (want != wantsWrite_) observer_.wantWrite(*this, wantsWrite_ = want);
  return {};
}

}  // namespace qd::daemon
