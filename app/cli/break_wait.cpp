// SPDX-License-Identifier: Apache-2.0
#include "app/cli/break_wait.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/cli/breaks.h"
#include "app/cli/session.h"

namespace qd::cli {
namespace {

using namespace ingest;

// How long a stop may go on gathering stacks and context before it is shown as it stands.
constexpr std::int64_t kBundleWithin = kNsPerSecond;

bool isStopped(const std::optional<LinkGroup>& group) {
  return group && (group->state == GroupState::Stopped || group->state == GroupState::Partial);
}

// Every member is in the bundle, and who stopped them has said where and why. At a stop by a debugger the others say
// where they stand too, where they have one.
bool isWhole(const LinkGroup& group, const std::optional<Hit>& hit) {
  if (!hit || hit->members.size() < group.members.size()) return false;
  const auto says = [](const HitMember& m) { return !(m.frames.empty() && m.locals.empty()); };
  const auto leader = std::find_if(hit->members.begin(), hit->members.end(),
                                   [&](const HitMember& m) { return m.state.process == group.leader; });
  if (leader == hit->members.end() || !says(*leader)) return false;
  return leader->thread.empty() || std::all_of(hit->members.begin(), hit->members.end(), says);
}

}  // namespace

Result<int> waitForStop(const Globals& globals, std::optional<Duration> longest, Duration hold) {
  const Result<std::unique_ptr<Session>> opened = Session::open(globals, {});
  if (!opened) return std::unexpected(opened.error());
  Session& session = **opened;
  // From the start, so that a lease cannot run out between the stop and the answer.
  if (hold.ns > 0) session.cluster().holdLease(true);
  std::optional<LinkGroup> group;
  const auto stopped = [&] {
    group = session.registry().stopped();
    return isStopped(group);
  };
  std::optional<std::int64_t> deadline;
  if (longest) deadline = monotonicNs() + longest->ns;
  const Waiter::Outcome outcome = session.waiter().wait(stopped, deadline);
  if (outcome == Waiter::Outcome::Interrupted) return fail(ErrorCode::Unavailable, "Interrupted; nothing had stopped.");
  if (outcome == Waiter::Outcome::Deadline) {
    return fail(ErrorCode::Timeout,
                fmt::format("Nothing stopped within {}; qdctl break list shows what is armed.", toText(*longest)));
  }
  std::optional<Hit> hit;
  (void)session.waiter().waitFor(kBundleWithin, [&] {
    if (const auto now = session.registry().stopped(); isStopped(now)) group = now;
    hit = session.registry().hit(group->hitId);
    return isWhole(*group, hit);
  });
  const Json stop = stopJson(*group, hit ? &*hit : nullptr);
  globals.json ? printJson(stop) : print(stopText(stop));
  if (hold.ns > 0) {
    (void)session.waiter().waitFor(hold.ns);
    session.cluster().holdLease(false);
  }
  return 0;
}

}  // namespace qd::cli
