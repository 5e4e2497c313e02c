// SPDX-License-Identifier: Apache-2.0
#include "core/link/cluster.h"

#include "core/link/cluster_impl.h"

namespace qd::link {

Cluster::Cluster(ClusterOptions options, ingest::EventSink& sink)
    : impl_(std::make_unique<Impl>(std::move(options), sink)) {}

Cluster::~Cluster() = default;

void Cluster::start() {
  impl_->post([impl = impl_.get()] {
    for (const auto& link : impl->links) link->start();
  });
}

std::vector<AgentStatus> Cluster::status() const {
  std::vector<AgentStatus> out;
  for (const auto& link : impl_->links) out.push_back(link->status());
  return out;
}

void Cluster::fetch(const AgentId& agent, std::uint64_t first, std::uint64_t last,
                    std::function<void(ingest::EnvelopePtr)> each, std::function<void()> done) {
  impl_->post([impl = impl_.get(), agent, first, last, each = std::move(each), done = std::move(done)] {
    for (const auto& link : impl->links) {
      if (link->id() == agent) return link->fetch(first, last, each, done);
    }
    done();
  });
}

void Cluster::setInterest(ingest::Interest interest, Duration backfill) {
  impl_->post([impl = impl_.get(), interest = std::move(interest), backfill] {
    impl->options.interest = interest;
    for (const auto& link : impl->links) link->setInterest(backfill);
  });
}

void Cluster::push(control::PushOrder order, control::PushDone done) {
  impl_->post([impl = impl_.get(), order = std::move(order), done = std::move(done)] { impl->push(order, done); });
}

void Cluster::queryPush(const std::string& pushId, bool settle, control::PushDone done) {
  impl_->post([impl = impl_.get(), pushId, settle, done = std::move(done)] { impl->queryPush(pushId, settle, done); });
}

void Cluster::settlePush(control::PushOrder order, Duration within, control::PushDone done) {
  impl_->post([impl = impl_.get(), order = std::move(order), within, done = std::move(done)] {
    impl->settlePush(order, monotonicNs() + within.ns, done);
  });
}

void Cluster::runAction(control::ActionOrder order, control::ActionDone done) {
  impl_->post([impl = impl_.get(), order = std::move(order), done = std::move(done)] { impl->runAction(order, done); });
}

void Cluster::startChange(ingest::ChangePlan plan, control::ChangeDone done) {
  impl_->post([impl = impl_.get(), plan = std::move(plan), done = std::move(done)] { impl->startChange(plan, done); });
}

void Cluster::orderChange(control::ChangeVerb verb, control::ChangesDone done) {
  impl_->post([impl = impl_.get(), verb = std::move(verb), done = std::move(done)] { impl->orderChange(verb, done); });
}

void Cluster::audit(const std::string& agent, std::uint64_t after, control::AuditDone done) {
  impl_->post([impl = impl_.get(), agent, after, done = std::move(done)] {
    auto link = impl->linkAt(agent);
    link ? (*link)->audit(after, done) : done(std::unexpected(link.error()));
  });
}

void Cluster::shared(const std::string& prefix, control::SharedDone done) {
  impl_->post([impl = impl_.get(), prefix, done = std::move(done)] {
    auto link = impl->linkAt({});
    link ? (*link)->shared(prefix, done) : done(std::unexpected(link.error()));
  });
}

void Cluster::share(control::SharedWrite write, control::SharedDone done) {
  impl_->post([impl = impl_.get(), write = std::move(write), done = std::move(done)] { impl->share(write, done); });
}

void Cluster::adopt(control::AdoptOrder order, control::AdoptDone done) {
  impl_->post([impl = impl_.get(), order = std::move(order), done = std::move(done)]() mutable {
    impl->adopt(std::move(order), std::move(done));
  });
}

void Cluster::setBreakpoint(control::BreakpointOrder order, control::DebugDone done) {
  impl_->post(
      [impl = impl_.get(), order = std::move(order), done = std::move(done)] { impl->setBreakpoint(order, done); });
}

void Cluster::removeBreakpoint(const std::string& id, control::DebugDone done) {
  impl_->post([impl = impl_.get(), id, done = std::move(done)] {
    if (impl->links.empty()) {
      done(fail(ErrorCode::Unavailable, "This session has no agent; attach to one."));
      return;
    }
    const auto owner = impl->context.ids.ownerOfDebugId(id);
    impl->links[owner.agent]->debug(control::RemoveOrder{owner.raw}, done);
  });
}

void Cluster::link(std::vector<ProcessId> members, control::DebugDone done) {
  impl_->post(
      [impl = impl_.get(), members = std::move(members), done = std::move(done)] { impl->link(members, done); });
}

void Cluster::unlink(const std::string& group, control::DebugDone done) {
  impl_->post(
      [impl = impl_.get(), group, done = std::move(done)] { impl->onGroup(control::UnlinkOrder{group}, done); });
}

void Cluster::pause(const std::string& group, control::DebugDone done) {
  impl_->post([impl = impl_.get(), group, done = std::move(done)] { impl->onGroup(control::PauseOrder{group}, done); });
}

void Cluster::resume(const std::string& group, control::DebugDone done) {
  impl_->post([impl = impl_.get(), group, done = std::move(done)] {
    group.empty() ? impl->resumeAll(done) : impl->onGroup(control::ResumeOrder{group}, done);
  });
}

void Cluster::step(const std::string& group, std::uint32_t ticks, control::DebugDone done) {
  impl_->post([impl = impl_.get(), group, ticks, done = std::move(done)] {
    impl->onGroup(control::StepOrder{group, ticks}, done);
  });
}

void Cluster::resumeOne(const std::string& group, const ProcessId& process, control::DebugDone done) {
  impl_->post([impl = impl_.get(), group, process, done = std::move(done)] {
    impl->onMember(control::ResumeOrder{group, process}, done);
  });
}

void Cluster::stepSource(const std::string& group, const ProcessId& process, control::StepHow how, std::int64_t thread,
                         control::DebugDone done) {
  impl_->post([impl = impl_.get(), order = control::StepOrder{group, 1, how, process, thread}, done = std::move(done)] {
    impl->onMember(order, done);
  });
}

void Cluster::inspect(control::InspectOrder order, control::InspectDone done) {
  impl_->post([impl = impl_.get(), order = std::move(order), done = std::move(done)]() mutable {
    const auto owner = impl->ownerOf(order.process);
    if (!owner || impl->links.empty()) {
      return done(fail(ErrorCode::NotFound, "There is no process " + order.process.value + " in this session."));
    }
    order.process = ProcessId(owner->raw);
    impl->links[owner->agent]->inspect(std::move(order), std::move(done));
  });
}

void Cluster::holdLease(bool hold) {
  impl_->post([impl = impl_.get(), hold] {
    for (const auto& link : impl->links) link->holdLease(hold);
  });
}

}  // namespace qd::link
