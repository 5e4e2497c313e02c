// SPDX-License-Identifier: Apache-2.0
#include "core/params/param_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>

#include "core/params/ledger.h"

namespace qd::params {
namespace {

constexpr std::size_t kMostValues = 4096;  // remembered of one parameter
constexpr std::size_t kMostUndo = 100;

struct Known {
  InstanceId instance;
  ingest::ParameterValue value;
};

struct Process {
  InstanceId instance;
  std::vector<ingest::ParameterSpec> specs;
  std::map<std::string, std::deque<Known>> values;  // each ascending in time
};

bool sameAssignments(const std::vector<control::Assignment>& a, const std::vector<control::Assignment>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.value == y.value && x.expectedVersion == y.expectedVersion;
  });
}

// One order for all processes that get the same.
std::vector<control::PushOrder> toOrders(const std::map<ProcessId, std::vector<control::Assignment>>& wanted,
                                         const std::string& who, const std::string& comment) {
  std::vector<control::PushOrder> orders;
  for (const auto& [process, assignments] : wanted) {
    const auto known = std::find_if(orders.begin(), orders.end(), [&](const control::PushOrder& o) {
      return sameAssignments(o.assignments, assignments);
    });
    if (known != orders.end()) {
      known->targets.push_back(process);
      continue;
    }
    control::PushOrder order;
    order.pushId = control::newPushId();
    order.targets = {process};
    order.assignments = assignments;
    order.who = who;
    order.comment = comment;
    orders.push_back(std::move(order));
  }
  return orders;
}

}  // namespace

struct ParamBook::Impl {
  mutable std::mutex mutex;
  std::atomic<std::uint64_t> revision{0};
  std::unordered_map<ProcessId, Process> processes;
  std::vector<StagedEdit> staged;
  std::deque<std::vector<StagedEdit>> undo;
  Ledger ledger;
  std::unordered_map<std::string, std::uint64_t> batches;  // of orders taken and not yet pending
  std::uint64_t nextBatch = 1;
  TimeNs newest = 0;

  void changed() { revision.fetch_add(1, std::memory_order_release); }

  const ingest::ParameterSpec* spec(const ProcessId& process, const std::string& name) const {
    const auto found = processes.find(process);
    if (found == processes.end()) return nullptr;
    const auto& specs = found->second.specs;
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const auto& s) { return s.name == name; });
    return spec == specs.end() ? nullptr : &*spec;
  }

  const ingest::ParameterValue* live(const ProcessId& process, const std::string& name) const {
    const auto found = processes.find(process);
    if (found == processes.end()) return nullptr;
    const auto values = found->second.values.find(name);
    return values == found->second.values.end() ? nullptr : &values->second.back().value;
  }

  void put(const ingest::ProcessRef& process, ingest::ParameterValue value, bool fromPush = false);
  void on(const ingest::PushResult& result, TimeNs received);
  void judge();
  std::vector<control::PushOrder> revert(const std::vector<PushRecord>& records, const std::string& who) const;
  void remember() {
    undo.push_back(staged);
    if (undo.size() > kMostUndo) undo.pop_front();
  }
};

void ParamBook::Impl::put(const ingest::ProcessRef& process, ingest::ParameterValue value, bool fromPush) {
  std::deque<Known>& history = processes[process.id].values[value.name];
  if (value.time == 0) value.time = newest;
  newest = std::max(newest, value.time);
  // The same change is told by the result of a push, by the process, and again at each attach.
  const auto same = std::find_if(history.rbegin(), history.rend(), [&](const Known& k) {
    return k.instance == process.instance && k.value.version == value.version;
  });
  if (same != history.rend() && same->value.value == value.value) {
    if (same->value.pushId.empty()) same->value.pushId = value.pushId;
    if (same->value.who.empty()) same->value.who = value.who;
    if (value.desired || !fromPush) {
      same->value.desired = value.desired;
      same->value.desiredPush = value.desiredPush;
      same->value.desiredWho = value.desiredWho;
    }
    return;
  }
  // In time order; of two at one moment in the same instance the higher version is the later one.
  auto place = history.end();
  while (place != history.begin()) {
    const Known& before = *std::prev(place);
    const bool later =
        before.value.time > value.time || (before.instance == process.instance &&
                                           before.value.version > value.version && before.value.time == value.time);
    if (!later) break;
    --place;
  }
  history.insert(place, Known{process.instance, std::move(value)});
  if (history.size() > kMostValues) history.pop_front();
}

void ParamBook::Impl::judge() {
  for (StagedEdit& edit : staged) {
    const auto* now = live(edit.process, edit.name);
    edit.conflict = now != nullptr && (now->version != edit.fromVersion || now->value != edit.from);
  }
}

void ParamBook::Impl::on(const ingest::PushResult& result, TimeNs received) {
  ledger.put(result, received != 0 ? received : newest);
  if (result.status != ingest::PushStatus::Applied) return;
  for (const ingest::ParameterResult& p : result.parameters) {
    if (p.version == 0) continue;
    put(result.process,
        {.name = p.name,
         .value = p.newValue,
         .version = p.version,
         .tick = result.tick,
         .time = result.time,
         .pushId = result.pushId,
         .who = result.who},
        true);
  }
}

ParamBook::ParamBook() : impl_(std::make_unique<Impl>()) {}
ParamBook::~ParamBook() = default;

void ParamBook::on(const ingest::EnvelopePtr& envelope) {
  const auto* process = std::get_if<ingest::ProcessChange>(&envelope->event);
  const auto* change = std::get_if<ingest::ParameterChange>(&envelope->event);
  const auto* push = std::get_if<ingest::PushResult>(&envelope->event);
  if (process == nullptr && change == nullptr && push == nullptr) return;
  const std::lock_guard lock(impl_->mutex);
  impl_->newest = std::max(impl_->newest, envelope->received);
  if (process != nullptr) {
    Process& known = impl_->processes[process->info.id];
    known.instance = process->info.instance;
    known.specs = process->info.parameters;
  } else if (change != nullptr) {
    for (const ingest::ParameterValue& value : change->values) impl_->put(change->process, value);
  } else {
    impl_->on(*push, envelope->received);
  }
  impl_->judge();
  impl_->changed();
}

std::uint64_t ParamBook::revision() const {
  return impl_->revision.load(std::memory_order_acquire);
}

std::optional<ingest::ParameterSpec> ParamBook::spec(const ProcessId& process, const std::string& name) const {
  const std::lock_guard lock(impl_->mutex);
  const auto* found = impl_->spec(process, name);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::vector<ingest::ParameterSpec> ParamBook::specs(const ProcessId& process) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->processes.find(process);
  return found == impl_->processes.end() ? std::vector<ingest::ParameterSpec>{} : found->second.specs;
}

std::optional<ingest::ParameterValue> ParamBook::value(const ProcessId& process, const std::string& name,
                                                       TimeNs asOf) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->processes.find(process);
  if (found == impl_->processes.end()) return std::nullopt;
  const auto values = found->second.values.find(name);
  if (values == found->second.values.end()) return std::nullopt;
  const auto& history = values->second;
  const auto after =
      std::upper_bound(history.begin(), history.end(), asOf, [](TimeNs t, const Known& k) { return t < k.value.time; });
  if (after == history.begin()) return std::nullopt;
  return std::prev(after)->value;
}

Result<> ParamBook::stage(const ProcessId& process, const std::string& name, const Value& asked) {
  const std::lock_guard lock(impl_->mutex);
  const auto* spec = impl_->spec(process, name);
  if (spec == nullptr) {
    return fail(ErrorCode::NotFound, fmt::format("{} has no parameter \"{}\".", process.value, name));
  }
  if (auto ok = validate(*spec, asked); !ok) return ok;
  Value value = asked;
  if (const auto* whole = std::get_if<std::int64_t>(&asked); whole != nullptr && spec->type == ValueType::Float) {
    value = static_cast<double>(*whole);
  }
  const auto* live = impl_->live(process, name);
  impl_->remember();
  std::erase_if(impl_->staged, [&](const StagedEdit& e) { return e.process == process && e.name == name; });
  // Back to what the process has: there is nothing to push.
  if (live == nullptr || live->value != value) {
    const Value from = live == nullptr ? spec->defaultValue : live->value;
    impl_->staged.push_back({process, name, from, live == nullptr ? 0 : live->version, value, false});
  }
  impl_->changed();
  return {};
}

void ParamBook::unstage(const ProcessId& process, const std::string& name) {
  const std::lock_guard lock(impl_->mutex);
  const auto mine = [&](const StagedEdit& e) { return e.process == process && e.name == name; };
  if (std::none_of(impl_->staged.begin(), impl_->staged.end(), mine)) return;
  impl_->remember();
  std::erase_if(impl_->staged, mine);
  impl_->changed();
}

void ParamBook::unstageAll() {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->staged.empty()) return;
  impl_->remember();
  impl_->staged.clear();
  impl_->changed();
}

bool ParamBook::undo() {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->undo.empty()) return false;
  impl_->staged = std::move(impl_->undo.back());
  impl_->undo.pop_back();
  impl_->judge();
  impl_->changed();
  return true;
}

std::vector<StagedEdit> ParamBook::staged() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->staged;
}

std::vector<control::PushOrder> ParamBook::takeOrders(const std::string& who, const std::string& comment) {
  const std::lock_guard lock(impl_->mutex);
  std::map<ProcessId, std::vector<control::Assignment>> wanted;
  for (const StagedEdit& edit : impl_->staged) {
    control::Assignment assignment{edit.name, edit.to, std::nullopt};
    if (edit.fromVersion != 0) assignment.expectedVersion = edit.fromVersion;
    wanted[edit.process].push_back(std::move(assignment));
  }
  auto orders = toOrders(wanted, who, comment);
  if (orders.empty()) return orders;
  impl_->batches.clear();
  for (const control::PushOrder& order : orders) impl_->batches[order.pushId] = impl_->nextBatch;
  ++impl_->nextBatch;
  impl_->staged.clear();
  impl_->undo.clear();
  impl_->changed();
  return orders;
}

void ParamBook::markPending(const control::PushOrder& order) {
  const std::lock_guard lock(impl_->mutex);
  const TimeNs now = utcNowNs();
  std::uint64_t batch = 0;
  if (const auto known = impl_->batches.find(order.pushId); known != impl_->batches.end()) batch = known->second;
  PushRecord& record = impl_->ledger.open(order.pushId, now, batch);
  record.who = order.who;
  record.comment = order.comment;
  for (const ProcessId& target : order.targets) {
    ingest::PushResult result;
    result.pushId = order.pushId;
    const auto known = impl_->processes.find(target);
    result.process = {target, known == impl_->processes.end() ? InstanceId{} : known->second.instance};
    result.status = ingest::PushStatus::Pending;
    result.time = now;
    result.who = order.who;
    result.comment = order.comment;
    for (const control::Assignment& assignment : order.assignments) {
      const auto* live = impl_->live(target, assignment.name);
      result.parameters.push_back({assignment.name, live == nullptr ? Value{} : live->value, assignment.value, 0, ""});
    }
    impl_->ledger.put(result, now);
  }
  impl_->changed();
}

void ParamBook::resolve(const std::string& pushId, const Result<std::vector<ingest::PushResult>>& answer) {
  const std::lock_guard lock(impl_->mutex);
  if (answer) {
    for (const ingest::PushResult& result : *answer) impl_->on(result, 0);
  }
  if (PushRecord* record = impl_->ledger.find(pushId)) {
    for (ingest::PushResult& result : record->results) {
      if (result.status != ingest::PushStatus::Pending) continue;
      result.status = ingest::PushStatus::Unknown;
      result.reason = answer ? "no answer came from this process" : answer.error().message;
    }
  }
  impl_->judge();
  impl_->changed();
}

std::vector<PushRecord> ParamBook::pushes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->ledger.all();
}

std::vector<control::PushOrder> ParamBook::Impl::revert(const std::vector<PushRecord>& records,
                                                        const std::string& who) const {
  std::map<ProcessId, std::vector<control::Assignment>> wanted;
  std::string comment;
  for (const PushRecord& record : records) {
    comment = record.comment.empty() ? record.pushId : record.comment;
    for (const ingest::PushResult& result : record.results) {
      if (result.status != ingest::PushStatus::Applied) continue;
      for (const ingest::ParameterResult& p : result.parameters) {
        const auto* now = live(result.process.id, p.name);
        const bool stands = now != nullptr && now->version == p.version && now->value == p.newValue;
        if (stands && p.oldValue != p.newValue) wanted[result.process.id].push_back({p.name, p.oldValue, p.version});
      }
    }
  }
  return toOrders(wanted, who, "revert: " + comment);
}

std::vector<control::PushOrder> ParamBook::revertLast(const std::string& who) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->revert(impl_->ledger.lastApplied(), who);
}

Result<std::vector<control::PushOrder>> ParamBook::revertOf(const std::string& pushId, const std::string& who) const {
  const std::lock_guard lock(impl_->mutex);
  for (const PushRecord& record : impl_->ledger.all()) {
    if (record.pushId == pushId) return impl_->revert({record}, who);
  }
  return fail(ErrorCode::NotFound, fmt::format("No push {} was seen here; qdctl params history lists them.", pushId));
}

}  // namespace qd::params
