// SPDX-License-Identifier: Apache-2.0
// What an AgentLink does with the entries of its subscription: order, state, what breaks a rule.
#include <fmt/format.h>

#include "core/link/agent_link.h"

namespace qd::link {
namespace {

constexpr std::int64_t kFuture = 86'400 * kNsPerSecond;  // nobody's clock is ahead by more
constexpr std::size_t kMostGroups = 1024;
constexpr std::size_t kMostBreakpoints = 4096;
constexpr std::size_t kMostProcesses = 4096;

std::set<ProcessId> membersOf(const ingest::LinkGroup& group) {
  std::set<ProcessId> out;
  for (const auto& member : group.members) out.insert(member.process);
  return out;
}

}  // namespace

void AgentLink::onEntry(Incoming incoming) {
  backoff_.reset();
  SequenceTracker::Verdict verdict = SequenceTracker::Verdict::New;
  if (incoming.sequence != 0) verdict = sequence_.on(incoming.sequence, incoming.previous);
  {
    const std::lock_guard lock(statusMutex_);
    ++status_.received;
    status_.bytes += incoming.bytes;
    status_.sequence = sequence_.last();
    if (verdict == SequenceTracker::Verdict::Duplicate) ++status_.duplicates;
  }
  if (verdict == SequenceTracker::Verdict::Duplicate) return;
  if (const auto* error = std::get_if<Error>(&incoming.content)) {
    refuse(error->message);
    return;
  }
  if (std::holds_alternative<CaughtUp>(incoming.content)) {
    caughtUp();
    return;
  }
  auto& envelope = std::get<std::shared_ptr<ingest::Envelope>>(incoming.content);
  if (verdict == SequenceTracker::Verdict::NewAfterGap) {
    const TimeNs until = std::max(ingest::timeOf(envelope->event), newest_);
    emit(ingest::Gap{{},
                     newest_,
                     until,
                     0,
                     fmt::format("Agent {} sent nothing of its entries {} to {}.", endpoint_, sequence_.missingFrom(),
                                 sequence_.missingTo())});
  }
  incoming.sequence == 0 ? onState(std::move(envelope)) : onLogged(std::move(envelope));
}

// What was here before and is neither described nor told of since has gone without anybody seeing it.
void AgentLink::caughtUp() {
  {
    const std::lock_guard lock(statusMutex_);
    status_.caughtUp = true;
  }
  for (auto& [id, info] : processes_) {
    if (info.state == ingest::ProcessState::Gone || described_.contains(id)) continue;
    info.state = ingest::ProcessState::Gone;
    declarations_.learn(info);
    emit(ingest::ProcessChange{info, "The agent does not know it any more."});
  }
  if (context_.options.onCaughtUp) context_.options.onCaughtUp(id_);
}

void AgentLink::onState(std::shared_ptr<ingest::Envelope> envelope) {
  if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope->event)) {
    described_.insert(change->info.id);
    if (remember(change->info)) emit(std::move(envelope));
    return;
  }
  onLogged(std::move(envelope));
}

void AgentLink::onLogged(std::shared_ptr<ingest::Envelope> envelope) {
  if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope->event)) {
    if (envelope->sequence > describedUpTo_) described_.insert(change->info.id);  // it came after the description
  }
  if (!inspect(envelope->event)) return;
  newest_ = std::max(newest_, ingest::timeOf(envelope->event));
  emit(std::move(envelope));
}

// False when it says nothing new, or when the agent names more processes than it can have.
bool AgentLink::remember(const ingest::ProcessInfo& info) {
  if (processes_.size() >= kMostProcesses && !processes_.contains(info.id)) {
    refuse("It names more than 4096 processes.");
    return false;
  }
  const bool news = declarations_.learn(info);
  processes_[info.id] = info;
  return news;
}

// Whether it may pass. Also learns from it what orders are routed by.
bool AgentLink::inspect(ingest::Event& event) {
  if (ingest::timeOf(event) > utcNowNs() + kFuture) {
    refuse("Its time lies more than a day in the future.");
    return false;
  }
  if (auto* change = std::get_if<ingest::ProcessChange>(&event)) {
    if (processes_.size() >= kMostProcesses && !processes_.contains(change->info.id)) return remember(change->info);
    remember(change->info);
  } else if (auto* group = std::get_if<ingest::LinkGroup>(&event)) {
    if (context_.ids.isCopy(event, index_)) return false;
    group->removed ? (void)members_.erase(group->id) : (void)(members_[group->id] = membersOf(*group));
    return admit(groups_, group->id, group->removed, kMostGroups);
  } else if (auto* breakpoint = std::get_if<ingest::Breakpoint>(&event)) {
    if (context_.ids.isCopy(event, index_)) return false;
    return admit(breakpoints_, breakpoint->id, breakpoint->removed, kMostBreakpoints);
  } else if (std::holds_alternative<ingest::Hit>(event)) {
    return !context_.ids.isCopy(event, index_);
  } else if (auto* block = std::get_if<ingest::SampleBlock>(&event)) {
    const std::size_t wrong = declarations_.checkColumns(*block);
    if (wrong > 0) refuse(fmt::format("{} columns of {} contradict its declaration.", wrong, block->process.id.value));
  }
  return true;
}

// Keeps the ids that are in use; refuses more than an agent can mean.
bool AgentLink::admit(std::set<std::string>& ids, const std::string& id, bool removed, std::size_t most) {
  if (removed) ids.erase(id);
  if (removed || ids.contains(id)) return true;
  if (ids.size() >= most) {
    refuse("It has more breakpoints or groups than can be shown.");
    return false;
  }
  ids.insert(id);
  return true;
}

// Counts it; a Gap says so, at most one a second.
void AgentLink::refuse(const std::string& why) {
  ++refusedSinceGap_;
  {
    const std::lock_guard lock(statusMutex_);
    ++status_.refused;
  }
  const std::int64_t now = monotonicNs();
  if (lastRefusalGap_ != 0 && now - lastRefusalGap_ < kNsPerSecond) return;
  lastRefusalGap_ = now;
  const TimeNs time = utcNowNs();
  emit(ingest::Gap{{},
                   time,
                   time,
                   std::exchange(refusedSinceGap_, 0),
                   fmt::format("An entry of agent {} was left out: {}", endpoint_, why)});
}

void AgentLink::emit(std::shared_ptr<ingest::Envelope> envelope) {
  if (envelope->received == 0) envelope->received = utcNowNs();
  if (context_.options.endpoints.size() > 1) {
    context_.ids.qualify(envelope->event, index_);
  }
  context_.sink.on(std::move(envelope));
}

void AgentLink::emit(ingest::Event event) {
  emit(std::make_shared<ingest::Envelope>(ingest::Envelope{id_, 0, 0, std::move(event)}));
}

}  // namespace qd::link
