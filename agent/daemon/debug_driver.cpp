// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/debug_driver.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <random>
#include <utility>

namespace qd::daemon {

namespace {

bool isSource(const ingest::Breakpoint& breakpoint) {
  return breakpoint.kind == ingest::BreakpointKind::Source || breakpoint.kind == ingest::BreakpointKind::Function ||
         breakpoint.kind == ingest::BreakpointKind::Exception;
}

std::string besideThisProgram(const char* name) {
  std::error_code ignored;
  return (std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / name).string();
}

// As the kernel has it: what a probe says of itself is not asked.
std::optional<std::int64_t> peerOf(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 1) return std::nullopt;
  return peer.pid;
}

}  // namespace

DebugDriver::DebugDriver(EventLoop& loop, FlightLog& log, ProcessTable& table, FindSession find,
                         std::vector<DebuggerRule> debuggers)
    : loop_(loop),
      log_(log),
      table_(table),
      find_(std::move(find)),
      source_(loop, std::move(debuggers), besideThisProgram("quarterdeck-guardian"), sourcePort()),
      run_((std::uint64_t{std::random_device{}()} << 32 | std::random_device{}()) | 1),
      lender_(lenderPort()),
      guests_(guestsPort()) {}

SourceDriver::Port DebugDriver::sourcePort() {
  return {
      [this](const control::ProcessEvent& event) { fromDebugger(event); },
      [this](const ProcessId& id) {
        const ProbeSession* session = find_(id);
        return session ? peerOf(session->socket()) : std::nullopt;
      },
      [this](const ProcessId& id) {
        const ProbeSession* session = find_(id);
        return session ? session->info().tick : Tick{0};
      },
      [this](const ProcessId& id, const std::string& category, const std::string& text) { say(id, category, text); }};
}

void DebugDriver::say(const ProcessId& process, const std::string& category, const std::string& text) {
  const ProbeSession* session = find_(process);
  if (!session) return;
  ingest::LogLine line;
  line.process = session->ref();
  line.tick = session->info().tick;
  line.time = utcNowNs();
  line.category = category;
  line.text = text.substr(0, std::min(text.find_last_not_of("\r\n ") + 1, std::size_t{4096}));
  log_.append(std::move(line));
  log_.notify();
}

void DebugDriver::restore(std::vector<ingest::LinkGroup> groups, std::vector<ingest::Breakpoint> breakpoints) {
  // Copies of another agent's come again from it, if it still has them.
  for (auto& group : groups) {
    if (!control::splitFar(group.id)) continue;
    group.removed = true;
    log_.append(group);
  }
  for (auto& breakpoint : breakpoints) {
    if (!control::splitFar(breakpoint.id)) continue;
    breakpoint.removed = true;
    log_.append(breakpoint);
  }
  std::erase_if(groups, [](const auto& group) { return group.removed; });
  std::erase_if(breakpoints, [](const auto& breakpoint) { return breakpoint.removed; });
  desk_.restore(std::move(groups), std::move(breakpoints));
  for (const auto& group : desk_.groups()) table_.setGroup(group);
  for (const auto& breakpoint : desk_.breakpoints()) table_.setBreakpoint(breakpoint);
}

Result<std::string> DebugDriver::executeHere(control::SessionId session, const std::string& who,
                                             const control::DebugOrder& order) {
  if (const auto* wanted = std::get_if<control::BreakpointOrder>(&order)) {
    if (auto may = mayStop(*wanted); !may) return std::unexpected(may.error());
  }
  control::DebugActions actions;
  auto result = desk_.execute(session, who, order, utcNowNs(), actions);
  perform(std::move(actions));
  if (std::holds_alternative<control::UnlinkOrder>(order)) syncGuests();
  syncFollowers();
  return result;
}

// A debugger on a live process: only if somebody has typed its name under what that means for its players.
Result<> DebugDriver::mayStop(const control::BreakpointOrder& order) {
  if (!isSource(order.wanted) || !order.wanted.enabled) return {};
  std::set<ProcessId> affected(order.members.begin(), order.members.end());
  for (const auto& group : desk_.groups()) {
    const bool its = group.id == order.wanted.group ||
                     std::any_of(group.members.begin(), group.members.end(),
                                 [&](const auto& member) { return affected.contains(member.process); });
    if (!its) continue;
    for (const auto& member : group.members) affected.insert(member.process);
  }
  std::vector<control::LiveProcess> live;
  for (const ProcessId& id : affected) {
    const bool far = control::splitFar(id.value).has_value();
    const bool may = far ? guests_.mayDebug(id) : source_.mayDebug(id);
    auto one = far ? guests_.live(id) : liveOf(id);
    if (may && one) live.push_back(std::move(*one));
  }
  return control::confirmed(live, order.confirmed);
}

std::optional<control::LiveProcess> DebugDriver::liveOf(const ProcessId& process) const {
  const ProbeSession* session = find_(process);
  auto out = session ? control::liveProcess(process, session->info().labels) : std::nullopt;
  if (!out) return out;
  for (const auto& series : session->info().series) {
    const auto last = series.name == "players.online" ? session->lastValue(series) : std::nullopt;
    if (last) out->players = static_cast<std::int64_t>(*last);
  }
  return out;
}

void DebugDriver::on(const control::ProcessEvent& event) {
  control::ProcessEvent counted = event;
  if (auto* hit = std::get_if<control::SiteHit>(&counted)) {
    hit->epoch += resumes_[hit->process].debugger;
  } else if (auto* parked = std::get_if<control::Parked>(&counted)) {
    parked->epoch += resumes_[parked->process].debugger;
  } else if (auto* resumed = std::get_if<control::Resumed>(&counted)) {
    Resumes& count = resumes_[resumed->process];
    count.probe = resumed->epoch;
    resumed->epoch += count.debugger;
  } else if (const auto* up = std::get_if<control::ProcessUp>(&counted)) {
    InstanceId& known = instances_[up->process];
    if (known != up->instance) resumes_.erase(up->process);
    known = up->instance;
  } else if (const auto* down = std::get_if<control::ProcessDown>(&counted)) {
    source_.down(down->process);
    followers_.erase(down->process);
  }
  decide(counted);
}

void DebugDriver::fromDebugger(control::ProcessEvent event) {
  const auto now = [this](const ProcessId& id) { return resumes_[id].probe + resumes_[id].debugger; };
  if (auto* hit = std::get_if<control::SiteHit>(&event)) hit->epoch = now(hit->process);
  if (auto* parked = std::get_if<control::Parked>(&event)) {
    parked->epoch = now(parked->process);
    parked->byDebugger = true;
  }
  if (auto* context = std::get_if<control::StopContext>(&event)) {
    context->epoch = now(context->process);
    context->time = utcNowNs();
  }
  if (auto* resumed = std::get_if<control::Resumed>(&event)) {
    ++resumes_[resumed->process].debugger;
    resumed->epoch = now(resumed->process);
  }
  decide(event);
}

void DebugDriver::decide(const control::ProcessEvent& event) {
  const ProcessId& process = std::visit([](const auto& one) -> const ProcessId& { return one.process; }, event);
  const bool comesOrGoes =
      std::holds_alternative<control::ProcessUp>(event) || std::holds_alternative<control::ProcessDown>(event);
  const bool lent = lender_.lends(process);
  if (lent) lender_.tell(event);
  if (comesOrGoes || !lent) perform(desk_.on(event, utcNowNs()));
  if (std::holds_alternative<control::ProcessUp>(event)) syncFollowers();
}

// Members of a group with a source breakpoint are attached to beforehand, where a debugger is configured for them:
// attaching at the hit would be far too late.
void DebugDriver::syncFollowers() {
  std::set<ProcessId> wanted;
  for (const auto& breakpoint : desk_.breakpoints()) {
    if (!isSource(breakpoint) || !breakpoint.enabled || !breakpoint.logText.empty() || breakpoint.capture) continue;
    for (const auto& group : desk_.groups()) {
      if (group.id != breakpoint.group) continue;
      for (const auto& member : group.members) {
        const bool here = source_.mayDebug(member.process) && find_(member.process);
        if (here || guests_.mayDebug(member.process)) wanted.insert(member.process);
      }
    }
  }
  for (const ProcessId& process : followers_) {
    if (!wanted.contains(process)) followGuest(process, false), source_.release(process);
  }
  for (const ProcessId& process : wanted) {
    if (!followers_.contains(process)) followGuest(process, true);
    source_.attach(process);
  }
  followers_ = std::move(wanted);
}

void DebugDriver::sampled(const ingest::SampleBlock& block) {
  // It is on its way into the log: what it leads to comes after it.
  control::DebugActions found = desk_.samples(block, utcNowNs());
  std::move(found.begin(), found.end(), std::back_inserter(crossed_));
}

bool DebugDriver::idle() const {
  return crossed_.empty() && pendingLinks_.empty() && !lender_.any() && !guests_.any() && !desk_.nextDeadline() &&
         desk_.breakpoints().empty();
}

void DebugDriver::onTime(TimeNs now) {
  if (!crossed_.empty()) perform(std::exchange(crossed_, {}));
  const auto deadline = desk_.nextDeadline();
  if (deadline && *deadline <= now) perform(desk_.onTime(now));
  if (lender_.any()) lender_.onTime();
  if (guests_.any()) guests_.onTime();
  if (!pendingLinks_.empty()) checkLinks();
}

void DebugDriver::renew(const std::vector<ProbeSession*>& sessions) {
  for (ProbeSession* session : sessions) {
    if (desk_.holds(session->info().id) || lender_.holds(session->info().id)) session->renew();
  }
  guests_.beat([this](const ProcessId& guest) { return desk_.holds(guest); });
}

// What goes to the probes first, in its order: a peer must not wait for what is only published.
void DebugDriver::perform(control::DebugActions actions) {
  const auto isPublished = [](const control::DebugAction& action) {
    return std::holds_alternative<control::PublishBreakpoint>(action) ||
           std::holds_alternative<control::PublishGroup>(action) ||
           std::holds_alternative<control::PublishHit>(action) || std::holds_alternative<control::Audit>(action);
  };
  for (auto& action : actions) {
    if (!isPublished(action)) perform(action);
  }
  for (auto& action : actions) {
    if (!isPublished(action)) continue;
    if (guests_.any()) showFar(action);
    perform(action);
  }
  log_.notify();
}

void DebugDriver::perform(control::DebugAction& action) {
  if (guests_.any() && orderGuest(action)) return;
  if (auto* stop = std::get_if<control::OrderStop>(&action)) {
    if (stop->byDebugger && source_.attached(stop->process)) {
      source_.stop(stop->process, stop->stopId);
    } else if (ProbeSession* session = find_(stop->process)) {
      session->stop(stop->atTick, stop->stopId);
    }
  } else if (auto* resume = std::get_if<control::OrderResume>(&action)) {
    if (source_.stands(resume->process)) {
      source_.resume(*resume);
    } else if (ProbeSession* session = find_(resume->process)) {
      session->resume();
    }
  } else if (auto* step = std::get_if<control::OrderStep>(&action)) {
    // One that stands by its debugger, in the middle of a tick, runs on to the boundary after it.
    ProbeSession* session = find_(step->process);
    if (session && source_.stands(step->process)) {
      session->stop(step->atTick, step->stopId);
      source_.resume(step->process);
    } else if (session) {
      session->step(step->atTick, step->stopId);
    }
  } else if (const auto* line = std::get_if<control::OrderSourceStep>(&action)) {
    ProbeSession* session = find_(line->process);
    if (source_.stands(line->process)) {
      source_.step(*line);
    } else if (session) {
      session->step(session->info().tick + 1, line->stopId);  // it stands between two ticks: no line there
    }
  } else if (auto* arm = std::get_if<control::ArmSite>(&action)) {
    if (isSource(arm->breakpoint)) {
      source_.arm(arm->process, arm->breakpoint);
    } else if (ProbeSession* session = find_(arm->process)) {
      session->arm(arm->breakpoint);
    }
  } else if (auto* disarm = std::get_if<control::DisarmSite>(&action)) {
    if (source_.disarm(disarm->process, disarm->breakpoint)) return;
    if (ProbeSession* session = find_(disarm->process)) session->disarm(disarm->breakpoint);
  } else if (auto* breakpoint = std::get_if<control::PublishBreakpoint>(&action)) {
    table_.setBreakpoint(breakpoint->breakpoint);
    log_.append(std::move(breakpoint->breakpoint));
  } else if (auto* group = std::get_if<control::PublishGroup>(&action)) {
    table_.setGroup(group->group);
    log_.append(std::move(group->group));
  } else if (auto* hit = std::get_if<control::PublishHit>(&action)) {
    publishHit(std::move(hit->hit));
  } else if (auto* audit = std::get_if<control::Audit>(&action)) {
    spdlog::info("debugging: {}", audit->text);
  }
}

void DebugDriver::publishHit(ingest::Hit hit) {
  for (auto& member : hit.members) {
    const ProcessId& id = member.state.process;
    if (!member.parameters.empty()) continue;
    member.parameters = control::splitFar(id.value) ? guests_.parameters(id) : table_.parameters(id);
  }
  table_.setHit(hit);
  log_.append(std::move(hit));
}

}  // namespace qd::daemon
