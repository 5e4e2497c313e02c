// SPDX-License-Identifier: Apache-2.0
// A live session of a verb: connects to every agent or says in one sentence which cannot be reached, knows who is
// there, and turns the answers of orders into values. One thread uses it; events arrive on the cluster's.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "app/cli/cli.h"
#include "app/cli/interrupt.h"
#include "core/breakpoints/registry_view.h"
#include "core/ingest/directory.h"
#include "core/link/cluster.h"
#include "core/netcode/interp_join.h"
#include "core/netcode/rewind_join.h"

namespace qd::cli {

struct SessionOptions {
  link::Tier tier = link::Tier::Events;
  Duration backfill;
  bool entityFrames = false;
  std::vector<ingest::EventSink*> sinks;  // beside the session's own; they outlive it
  bool joins = false;                     // derive interp.error and its kin
  bool waitForState = true;               // until each agent's state has arrived
  bool reached = false;                   // reach() has just been called
};

class Session {
 public:
  // Whether every agent answers; each that does not costs at most about 5 s.
  static Result<> reach(const Globals& globals);
  static Result<std::unique_ptr<Session>> open(const Globals& globals, SessionOptions options);
  ~Session();

  link::Cluster& cluster() { return *cluster_; }
  const ingest::Directory& directory() const { return directory_; }
  const breakpoints::RegistryView& registry() const { return registry_; }
  Waiter& waiter() { return waiter_; }  // woken by every rare event

  // Sends an order and waits for its answer: at most `timeout`, or Ctrl-C.
  template <class T>
  Result<T> ask(const std::function<void(std::function<void(Result<T>)>)>& order,
                Duration timeout = Duration{10 * kNsPerSecond});

 private:
  class Rare final : public ingest::EventSink {
   public:
    explicit Rare(Waiter& waiter) : waiter_(waiter) {}
    void on(const ingest::EnvelopePtr& envelope) override;

   private:
    Waiter& waiter_;
  };

  Session() : rare_(waiter_) {}
  Result<> waitForState(std::size_t agents);

  Waiter waiter_;
  Rare rare_;
  ingest::Directory directory_;
  breakpoints::RegistryView registry_;
  ingest::FanOut fanOut_;
  netcode::InterpJoin join_{fanOut_};
  netcode::RewindJoin rewindJoin_{fanOut_};
  std::mutex mutex_;
  std::set<AgentId> caughtUp_;
  std::unique_ptr<link::Cluster> cluster_;  // last: gone first
};

template <class T>
Result<T> Session::ask(const std::function<void(std::function<void(Result<T>)>)>& order, Duration timeout) {
  struct Answer {
    std::mutex mutex;
    std::optional<Result<T>> value;
  };
  auto answer = std::make_shared<Answer>();
  order([answer, this](Result<T> value) {
    const std::lock_guard lock(answer->mutex);
    answer->value = std::move(value);
    waiter_.wake();
  });
  const auto arrived = [&] {
    const std::lock_guard lock(answer->mutex);
    return answer->value.has_value();
  };
  switch (waiter_.waitFor(timeout.ns, arrived)) {
    case Waiter::Outcome::Condition:
      return std::move(*answer->value);
    case Waiter::Outcome::Deadline:
      return fail(ErrorCode::Timeout, "No answer came in time; describe shows what became of it.");
    case Waiter::Outcome::Interrupted:
      break;
  }
  return fail(ErrorCode::Unavailable, "Interrupted before the answer came; describe shows what became of it.");
}

// Who orders, as the ledger shows it.
std::string whoAmI();

}  // namespace qd::cli
