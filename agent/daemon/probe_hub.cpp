// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/probe_hub.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "agent/daemon/tcp_listener.h"
#include "core/control/audit_chain.h"

namespace qd::daemon {
namespace {

constexpr std::int64_t kRenewEveryNs = 500 * kNsPerMs;
constexpr std::int64_t kHelloWithinNs = 5 * kNsPerSecond;
constexpr std::int64_t kLostAfterNs = 5 * kNsPerSecond;  // a process of an earlier agent that has not come back
constexpr std::size_t kMostSessions = 1024;

Result<sockaddr_un> addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("The socket path must be 1 to {} bytes: {}", sizeof address.sun_path - 1, path));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

// Is somebody accepting there? A socket file that a killed agent left behind does not count.
bool someoneListens(const sockaddr_un& address) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool there = result == 0 || errno == EAGAIN;
  ::close(fd);
  return there;
}

}  // namespace

void Recollection::take(const ingest::Envelope& envelope, ProcessTable& table) {
  if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope.event)) {
    table.put(change->info);
  } else if (const auto* block = std::get_if<ingest::SampleBlock>(&envelope.event)) {
    records[{block->process.instance.value, block->ring}] = block->firstSequence + block->count;
    if (!block->times.empty()) seen[block->process.instance] = block->times.back();
  } else if (const auto* result = std::get_if<ingest::PushResult>(&envelope.event)) {
    auto& results = pushes[result->pushId];
    const auto same = [&](const auto& one) { return one.process == result->process; };
    const auto known = std::find_if(results.begin(), results.end(), same);
    if (known == results.end()) {
      results.push_back(*result);
    } else {
      *known = *result;
    }
  } else if (const auto* change = std::get_if<ingest::ChangeState>(&envelope.event)) {
    changes[change->plan.id] = *change;
  } else if (const auto* values = std::get_if<ingest::ParameterChange>(&envelope.event)) {
    table.setParameters(values->process, values->values);
  } else if (const auto* group = std::get_if<ingest::LinkGroup>(&envelope.event)) {
    if (group->removed) groups.erase(group->id);
    if (!group->removed) groups[group->id] = *group;
  } else if (const auto* breakpoint = std::get_if<ingest::Breakpoint>(&envelope.event)) {
    if (breakpoint->removed) breakpoints.erase(breakpoint->id);
    if (!breakpoint->removed) breakpoints[breakpoint->id] = *breakpoint;
  }
}

ProbeHub::ProbeHub(EventLoop& loop, FlightLog& log, ProcessTable& table, AuditLog& audit, control::SharedStore& shared,
                   Recollection recollection, std::vector<DebuggerRule> debuggers)
    : loop_(loop),
      drainTimer_(loop),
      log_(log),
      table_(table),
      recollection_(std::move(recollection)),
      pushes_(log, [this](const ProcessId& id) { return find(id); }),
      debugging_(
          loop, log, table, [this](const ProcessId& id) { return find(id); }, std::move(debuggers)),
      changes_(loop, log, table, pushes_, audit),
      wishes_(log, table, pushes_, audit, shared),
      experiments_(table, changes_, audit, shared),
      audit_(audit),
      shared_(shared),
      startedAt_(monotonicNs()) {
  pushes_.recall(std::move(recollection_.pushes));
  pushes_.setAudit([&audit](const auto& who, const auto& from, const auto& what, const auto& why, const auto& outcome) {
    audit.append(who, from, what, why, outcome);
  });
  pushes_.setAcknowledged([this](const ingest::PushResult& result) { wishes_.acknowledged(result); });
  pushes_.setWanted(
      [this](const auto& process, const auto& name, const auto& value) { return wishes_.wants(process, name, value); });
  changes_.setSettled([this](const ingest::ChangeState& state) { wishes_.settled(state); });
  wishes_.setPassing([this](const std::string& pushId) { return changes_.isPassing(pushId); });
  wishes_.recall(recollection_.seen);
  shared.watch([this](const ingest::SharedItem& item) { wishes_.shared(item); });
  changes_.restore(recollection_.changes);
  std::vector<ingest::LinkGroup> groups;
  for (auto& [id, group] : recollection_.groups) groups.push_back(group);
  std::vector<ingest::Breakpoint> breakpoints;
  for (auto& [id, breakpoint] : recollection_.breakpoints) breakpoints.push_back(breakpoint);
  if (!groups.empty() || !breakpoints.empty()) debugging_.restore(std::move(groups), std::move(breakpoints));
}

ProbeHub::~ProbeHub() {
  log_.setWritten(nullptr);
  byId_.clear();
  sessions_.clear();
  if (listener_ >= 0) {
    ::close(listener_);
    ::unlink(path_.c_str());
  }
  if (tcpListener_ >= 0) ::close(tcpListener_);
}

Result<> ProbeHub::listen(const std::string& path) {
  auto address = addressOf(path);
  if (!address) return std::unexpected(address.error());
  if (someoneListens(*address)) {
    return fail(ErrorCode::Conflict, fmt::format("Another agent listens on {}; give this one another --socket.", path));
  }
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path.c_str());
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener_ < 0) return failErrno("Making the probe socket", errno);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    const int error = errno;
    ::close(std::exchange(listener_, -1));
    return failErrno(fmt::format("Binding the probe socket {} (--socket names another)", path), error);
  }
  path_ = path;
  if (::listen(listener_, 128) != 0) return failErrno(fmt::format("Listening on {}", path), errno);
  return loop_.watch(listener_, EPOLLIN, [this](std::uint32_t) { accept(listener_, nullptr); });
}

Result<std::string> ProbeHub::listenTcp(const std::string& address, const std::string& token) {
  auto bound = listenOn(address);
  if (!bound) return std::unexpected(bound.error());
  tcpListener_ = bound->socket;
  door_.token = token;
  auto watched = loop_.watch(tcpListener_, EPOLLIN, [this](std::uint32_t) { accept(tcpListener_, &door_); });
  if (!watched) return std::unexpected(watched.error());
  return bound->address;
}

Result<> ProbeHub::startTimers() {
  // A push goes out as soon as it is safe, not only with the next drain.
  log_.setWritten([this] {
    loop_.post([this] {
      pushes_.sendSafe(log_.persisted());
      log_.notify();
    });
  });
  return drainTimer_.start(kDrainEveryNs, [this] { drainAll(); });
}

void ProbeHub::accept(int listener, const ProbeDoor* door) {
  while (true) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (sessions_.size() >= kMostSessions) {
      ++stats_.refused;
      ::close(fd);
      continue;
    }
    ++stats_.accepted;
    if (door) keepAlive(fd);
    ProbeSession& session = *(sessions_[fd] = std::make_unique<ProbeSession>(fd, log_, table_, *this, door));
    auto watched = loop_.watch(fd, EPOLLIN | EPOLLRDHUP, [this, fd](std::uint32_t events) { handle(fd, events); });
    if (!watched) {
      sessions_.erase(fd);
    } else {
      session.begin();
    }
  }
}

void ProbeHub::handle(int socket, std::uint32_t events) {
  const auto found = sessions_.find(socket);
  if (found == sessions_.end()) return;
  ProbeSession& session = *found->second;
  Result<> result;
  if (events & EPOLLOUT) result = session.writable();
  if (result && (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))) result = session.readable();
  if (!result) end(socket, result.error().message);
  log_.notify();
}

void ProbeHub::end(int socket, const std::string& reason) {
  const auto found = sessions_.find(socket);
  if (found == sessions_.end()) return;
  const std::unique_ptr<ProbeSession> session = std::move(found->second);
  loop_.unwatch(socket);
  sessions_.erase(found);
  const auto named = byId_.find(session->info().id.value);
  if (named != byId_.end() && named->second == session.get()) byId_.erase(named);
  const bool wasUp = session->declared();
  if (session->admitted()) {
    spdlog::info("{} is gone: {}", session->info().id.value, reason);
  } else {
    ++stats_.refused;
    spdlog::warn("refused a probe{}{}: {}", session->info().id.value.empty() ? "" : " named ", session->info().id.value,
                 reason);
  }
  session->finish(reason);
  if (!wasUp) return;
  stats_.samples += session->counts().samples;
  stats_.dropped += session->counts().dropped;
  stats_.unreadable += session->counts().unreadable;
  pushes_.down(session->info().id);
  changes_.down(session->info().id);
  wishes_.down(session->info().id);
  debugging_.on(control::ProcessDown{session->info().id, reason});
}

Result<> ProbeHub::admit(ProbeSession& session) {
  int stale = -1;
  for (const auto& [fd, other] : sessions_) {
    if (other.get() == &session || !other->admitted() || other->info().id != session.info().id) continue;
    // Over TCP the same start of it may come again before its old connection is known to be dead.
    const bool again = other->streamed() && session.streamed() && other->info().instance == session.info().instance;
    if (again) {
      stale = fd;
    } else if (!other->hungUp()) {
      return fail(ErrorCode::Conflict, fmt::format("A process named \"{}\" (pid {}) is connected already; give each a "
                                                   "name of its own.",
                                                   session.info().id.value, other->info().pid));
    } else {
      stale = fd;
    }
  }
  if (stale >= 0) handle(stale, EPOLLIN);
  if (stale >= 0 && sessions_.contains(stale)) end(stale, "It connected again.");
  session.declareHost(host_.series());
  byId_[session.info().id.value] = &session;
  return {};
}

void ProbeHub::up(ProbeSession& session) {
  spdlog::info("{} is here (pid {}, {} series, {} parameters, {} sites)", session.info().id.value, session.info().pid,
               session.info().series.size(), session.info().parameters.size(), session.info().sites.size());
  pushes_.up(session);
  wishes_.up(session.ref());
  debugging_.on(session.upEvent());
  debugging_.describe(session.info());
  loop_.post([this] { attend(); });  // who asks for it next finds it everywhere
}

void ProbeHub::wantWrite(ProbeSession& session, bool want) {
  loop_.change(session.socket(), EPOLLIN | EPOLLRDHUP | (want ? EPOLLOUT : 0U));
}

std::uint64_t ProbeHub::recordsKnown(InstanceId instance, std::uint32_t ring) {
  const auto found = recollection_.records.find({instance.value, ring});
  return found == recollection_.records.end() ? 0 : found->second;
}

ProbeSession* ProbeHub::find(const ProcessId& id) const {
  const auto found = byId_.find(id.value);
  return found != byId_.end() && found->second->declared() ? found->second : nullptr;
}

std::vector<ProbeSession*> ProbeHub::live() const {
  std::vector<ProbeSession*> out;
  for (const auto& [fd, session] : sessions_) {
    if (session->declared()) out.push_back(session.get());
  }
  return out;
}

HubStats ProbeHub::stats() const {
  HubStats out = stats_;
  for (const auto& [fd, session] : sessions_) {
    out.sessions += session->declared() ? 1 : 0;
    out.samples += session->counts().samples;
    out.dropped += session->counts().dropped;
    out.unreadable += session->counts().unreadable;
  }
  return out;
}

void ProbeHub::attend() {
  if (pace_.slow()) drainAll();
}

// Does anybody read, or act on, what comes? Over TCP a probe gets its room back, and a stop its orders, by the drains.
bool ProbeHub::awaited() const {
  const auto streamed = [](const auto& entry) { return entry.second->streamed(); };
  return log_.stats().cursors > 0 || changes_.active() || experiments_.active() || !debugging_.idle() ||
         std::any_of(sessions_.begin(), sessions_.end(), streamed);
}

void ProbeHub::drainAll() {
  const std::int64_t now = monotonicNs();
  const TimeNs utc = utcNowNs();
  const std::uint64_t persisted = log_.persisted();
  if (now - renewedAt_ >= kRenewEveryNs) {
    renewedAt_ = now;
    debugging_.renew(live());
  }
  std::uint32_t fullest = 0;
  for (const auto& [fd, session] : sessions_) {
    session->drain(now, persisted);
    fullest = std::max(fullest, session->fullest());
  }
  drainTimer_.every(pace_.next(awaited(), fullest, now));
  pushes_.onTime(utc, persisted);
  debugging_.onTime(utc);
  changes_.onTime(utc, live());
  if (experiments_.active()) experiments_.onTime(utc);
  if (now - secondAt_ >= kNsPerSecond) {
    secondAt_ += std::max(kNsPerSecond, (now - secondAt_) / kNsPerSecond * kNsPerSecond);
    everySecond();
  }
  log_.notify();
}

void ProbeHub::everySecond() {
  const std::vector<HostValue> values = host_.sample();
  const TimeNs now = utcNowNs();
  for (ProbeSession* session : live()) session->publishHost(values, now);
  std::vector<int> silent;
  for (const auto& [fd, session] : sessions_) {
    if (!session->admitted() && monotonicNs() - session->connectedAt() > kHelloWithinNs) silent.push_back(fd);
  }
  for (const int fd : silent) end(fd, "It said no hello.");
  table_.forgetGone(now);
  shared_.onTime(now);
  tellWhetherAway(now);
  if (sharedByAll_) shareHead();
  if (!lostDeclared_ && monotonicNs() - startedAt_ > kLostAfterNs) declareLost();
}

// Processes that were there when an earlier agent ended and have not come back.
void ProbeHub::declareLost() {
  lostDeclared_ = true;
  for (auto& info : table_.all()) {
    if (info.state == ingest::ProcessState::Gone || find(info.id)) continue;
    info.state = ingest::ProcessState::Gone;
    wishes_.lost(info.id);
    table_.put(info);
    log_.append(ingest::ProcessChange{info, "It ended while no agent was running."});
  }
}

void ProbeHub::shareWithOthers() {
  sharedByAll_ = true;
  changes_.setFence([this](const std::string& change, const std::string& who, auto done) {
    control::SharedWrite write;
    write.item.key = "fence/" + change;
    write.item.value = log_.agentId();
    write.item.who = who;
    write.expectedRevision = 0;  // somebody else's: it is led already
    shared_.put(std::move(write), [done](const Result<std::vector<ingest::SharedItem>>& made) {
      if (!made) return done(std::unexpected(made.error()));
      done(made->front().revision);
    });
  });
}

// Everybody who sees shared items learns that they are as they were seen last.
void ProbeHub::tellWhetherAway(TimeNs now) {
  if (!sharedByAll_ || shared_.away() == storeAway_) return;
  storeAway_ = !storeAway_;
  spdlog::warn("the shared store is {}", storeAway_ ? "away: what it held is shown as it was seen last" : "back");
  ingest::SharedItem item;
  item.key = "store/" + log_.agentId();
  item.value = "away: shared items are as they were seen last";
  item.who = "agent";
  item.time = now;
  item.revision = static_cast<std::uint64_t>(now);
  item.removed = !storeAway_;
  wishes_.shared(item);
}

// Where nobody who changes the file can change it too.
void ProbeHub::shareHead() {
  const std::uint64_t number = audit_.headNumber();
  if (number == headShared_ || number == 0) return;
  if (!headChecked_) return checkHead();
  control::SharedWrite write;
  write.item.key = "audit/" + log_.agentId();
  write.item.value = fmt::format("{} {}", number, audit_.headHash());
  write.item.who = "agent";
  shared_.put(std::move(write), [this, number](const auto& made) {
    if (made) headShared_ = number;
  });
}

// Before the head of an earlier agent is replaced: does the audit still reach it?
void ProbeHub::checkHead() {
  if (headAsked_) return;
  headAsked_ = true;
  const std::string key = "audit/" + log_.agentId();
  shared_.get(key, [this, key](const Result<std::vector<ingest::SharedItem>>& items) {
    headAsked_ = false;
    if (!items) return;  // the store is away; asked again in a second
    headChecked_ = true;
    for (const auto& item : *items) {
      if (item.key != key) continue;
      std::vector<control::AuditRecord> records;
      while (true) {
        const auto page = audit_.page(records.empty() ? 0 : records.back().number, 1000);
        if (!page || page->records.empty()) break;
        records.insert(records.end(), page->records.begin(), page->records.end());
      }
      const std::string problem = control::againstHead(item.value, records);
      if (problem.empty()) return;
      spdlog::error("the audit was damaged: {}", problem);
      audit_.append("agent", "", control::kDamage, "", problem);
    }
  });
}

void ProbeHub::close() {
  for (const int listener : {listener_, tcpListener_}) {
    if (listener >= 0) loop_.unwatch(listener);
  }
  for (const auto& [fd, session] : sessions_) session->drain(monotonicNs() + kNsPerSecond, UINT64_MAX);
  pushes_.failAll("The agent is ending; ask again with the push's id.");
  for (ProbeSession* session : live()) session->resume();
  log_.notify();
}

}  // namespace qd::daemon
