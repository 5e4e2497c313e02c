// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/live_backend.h"

#include <spdlog/spdlog.h>

#include <fmt/format.h>

#include <utility>

namespace qd::daemon {
namespace {

constexpr const char* kBusy = "The agent is ending or has too many orders waiting; try again.";

class LiveDebugSession final : public serve::DebugSession {
 public:
  LiveDebugSession(EventLoop& loop, ProbeHub& hub, control::SessionId id, std::string who)
      : loop_(loop), hub_(hub), id_(id), who_(std::move(who)) {}

  ~LiveDebugSession() override {
    loop_.post([&hub = hub_, id = id_] { hub.debugging().sessionClosed(id); });
  }

  void execute(control::DebugOrder order, control::DebugDone done) override {
    auto shared = std::make_shared<control::DebugDone>(std::move(done));
    const bool posted = loop_.post([&hub = hub_, id = id_, who = who_, order = std::move(order), shared] {
      hub.debugging().execute(id, who, order, std::move(*shared));
    });
    if (!posted) (*shared)(fail(ErrorCode::Exhausted, kBusy));
  }

  void inspect(control::InspectOrder order, control::InspectDone done) override {
    auto shared = std::make_shared<control::InspectDone>(std::move(done));
    const bool posted = loop_.post(
        [&hub = hub_, order = std::move(order), shared] { hub.debugging().inspect(order, std::move(*shared)); });
    if (!posted) (*shared)(fail(ErrorCode::Exhausted, kBusy));
  }

 private:
  EventLoop& loop_;
  ProbeHub& hub_;
  const control::SessionId id_;
  const std::string who_;
};

// A home agent's stream. It is told of on the loop; its number is known there only.
class LiveLendSession final : public serve::LendSession {
 public:
  LiveLendSession(EventLoop& loop, ProbeHub& hub, std::function<void(control::LendEvent)> send)
      : loop_(loop), hub_(hub), id_(std::make_shared<Lender::StreamId>(0)) {
    (void)loop_.post([&hub, id = id_, send = std::move(send)] { *id = hub.debugging().lender().open(send); });
  }
  ~LiveLendSession() override {
    (void)loop_.post([&hub = hub_, id = id_] { hub.debugging().lender().closed(*id); });
  }
  Result<> order(control::LendOrder order) override {
    const bool posted =
        loop_.post([&hub = hub_, id = id_, order = std::move(order)] { hub.debugging().lender().order(*id, order); });
    if (!posted) return fail(ErrorCode::Exhausted, kBusy);
    return {};
  }

 private:
  EventLoop& loop_;
  ProbeHub& hub_;
  const std::shared_ptr<Lender::StreamId> id_;  // loop thread
};

}  // namespace

serve::Snapshot LiveBackend::snapshot() {
  serve::Snapshot out;
  out.agentId = log_.agentId();
  out.version = version_;
  out.logFirst = log_.first();
  out.logLast = log_.last();
  out.rollups = true;
  table_.fill(out);
  return out;
}

Result<std::unique_ptr<serve::Cursor>> LiveBackend::openCursor(const serve::CursorStart& start,
                                                               std::function<void()> wake) {
  auto cursor = log_.openCursor(start, std::move(wake));
  loop_.post([this] { hub_.attend(); });
  return cursor;
}

void LiveBackend::push(control::PushOrder order, control::PushDone done) {
  auto shared = std::make_shared<control::PushDone>(std::move(done));
  const bool posted = loop_.post(
      [this, order = std::move(order), shared]() mutable { hub_.pushes().push(std::move(order), std::move(*shared)); });
  if (!posted) (*shared)(fail(ErrorCode::Exhausted, kBusy));
}

void LiveBackend::queryPush(const std::string& pushId, bool settle, control::PushDone done) {
  auto shared = std::make_shared<control::PushDone>(std::move(done));
  const bool posted =
      loop_.post([this, pushId, settle, shared] { hub_.pushes().query(pushId, settle, std::move(*shared)); });
  if (!posted) (*shared)(fail(ErrorCode::Exhausted, kBusy));
}

void LiveBackend::runAction(control::ActionOrder order, control::ActionDone done) {
  auto shared = std::make_shared<control::ActionDone>(std::move(done));
  const bool posted = loop_.post([this, order = std::move(order), shared]() mutable {
    hub_.pushes().runAction(std::move(order), std::move(*shared));
  });
  if (!posted) (*shared)(fail(ErrorCode::Exhausted, kBusy));
}

template <class T>
void LiveBackend::onLoop(std::function<void(Result<T>)> done,
                         std::function<void(const std::function<void(Result<T>)>&)> work) {
  if (!loop_.post([work = std::move(work), done] { work(done); })) done(fail(ErrorCode::Exhausted, kBusy));
}

void LiveBackend::startChange(ingest::ChangePlan plan, control::ChangeDone done) {
  onLoop<ingest::ChangeState>(std::move(done),
                              [this, plan](const auto& answer) { hub_.changes().start(plan, answer); });
}

void LiveBackend::orderChange(control::ChangeVerb verb, control::ChangesDone done) {
  onLoop<std::vector<ingest::ChangeState>>(std::move(done),
                                           [this, verb](const auto& answer) { hub_.changes().order(verb, answer); });
}

void LiveBackend::syncChange(control::ChangeSync sync, control::ChangeDone done) {
  onLoop<ingest::ChangeState>(std::move(done), [this, sync](const auto& answer) { hub_.changes().sync(sync, answer); });
}

void LiveBackend::audit(std::uint64_t after, std::uint32_t most, control::AuditDone done) {
  done(audit_.page(after, most));
}

void LiveBackend::shared(const std::string& prefix, control::SharedDone done) {
  onLoop<std::vector<ingest::SharedItem>>(std::move(done),
                                          [this, prefix](const auto& answer) { store_.get(prefix, answer); });
}

void LiveBackend::share(control::SharedWrite write, control::SharedDone done) {
  if (write.item.key.starts_with("desired/")) {
    done(fail(ErrorCode::PermissionDenied, "Desired values follow from pushes; nobody writes them."));
    return;
  }
  onLoop<std::vector<ingest::SharedItem>>(std::move(done), [this, write](const auto& answer) {
    const bool experiment = !control::processInKey(write.item.key).empty();
    experiment ? hub_.experiments().write(write, "", answer) : store_.put(write, answer);
  });
}

void LiveBackend::adopt(control::AdoptOrder order, control::AdoptDone done) {
  onLoop<ingest::ParameterChange>(std::move(done),
                                  [this, order](const auto& answer) { answer(hub_.wishes().adopt(order)); });
}

Result<std::unique_ptr<serve::DebugSession>> LiveBackend::openDebug(const std::string& who) {
  return std::make_unique<LiveDebugSession>(loop_, hub_, nextSession_++, who);
}

Result<std::unique_ptr<serve::LendSession>> LiveBackend::openLend(const std::string& who,
                                                                  std::function<void(control::LendEvent)> send) {
  spdlog::info("debugging: {} opens a stream to borrow processes", who);
  return std::make_unique<LiveLendSession>(loop_, hub_, std::move(send));
}

}  // namespace qd::daemon
