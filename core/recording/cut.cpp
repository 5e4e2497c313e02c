// SPDX-License-Identifier: Apache-2.0
#include "core/recording/cut.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/recording/copy_out.h"
#include "core/recording/preamble.h"
#include "core/recording/state_events.h"
#include "core/recording/trim.h"

namespace qd::recording {

using namespace ingest;

namespace {

constexpr TimeNs kBlockMost = 60 * kNsPerSecond;

std::string labelOf(const SeriesInfo& info) {
  return RecordedSeries{0, {}, {}, info}.label();
}

// What tells of a state rather than of something that happened: wanted from before the stretch too.
bool isState(const Event& event) {
  return std::holds_alternative<ProcessChange>(event) || std::holds_alternative<ParameterChange>(event) ||
         std::holds_alternative<Breakpoint>(event) || std::holds_alternative<LinkGroup>(event) ||
         std::holds_alternative<DerivedSeries>(event) || std::holds_alternative<AgentChange>(event) ||
         std::holds_alternative<ClockSample>(event) || std::holds_alternative<ChangeState>(event) ||
         std::holds_alternative<SharedItem>(event);
}

class Cutter {
 public:
  Cutter(const CutOptions& options, CopyOut& out) : options_(options), out_(out) {}

  Result<> take(const Placed& placed) {
    const Event& event = placed.envelope->event;
    if (const auto* block = std::get_if<SampleBlock>(&event)) return takeBlock(*placed.envelope, *block);
    if (const auto* frame = std::get_if<EntityFrame>(&event)) {
      return options_.world && wants(frame->process.id) && within(frame->time) ? put(placed.envelope) : Result<>();
    }
    if (const auto* frames = std::get_if<FrameBlock>(&event)) return takeFrames(*placed.envelope, *frames);
    if (const auto* rollup = std::get_if<Rollup>(&event)) return takeRollup(*placed.envelope, *rollup);
    return takeEvent(placed);
  }

  // What was in force before the stretch: of everything whose own time lies there, whenever it arrived, because a log
  // that was fetched again or a slow agent tells of it late. To be told all of it before the first take.
  void learn(const Placed& placed) {
    if (!concerns(placed.envelope->event)) return;
    const EnvelopePtr envelope = reduced(placed.envelope);
    if (!envelope) return;
    if (const auto* change = std::get_if<ProcessChange>(&envelope->event)) {
      declarations_.try_emplace({envelope->agent, change->info.id, change->info.instance}, envelope);
    }
    if (timeIn(placed) >= options_.from) return;
    before_.on(envelope);
    if (std::holds_alternative<Hit>(envelope->event)) lastHit_ = envelope;
  }

  Result<> end() {
    if (!begun_) {
      if (Result<> done = begin(); !done) return done;
    }
    return putMarks();
  }
  bool foundSomething() const { return found_; }

 private:
  // As of an agent of their own, so that they stand at their own time wherever in the file they were written.
  Result<> putMarks() {
    std::vector<Mark> marks = options_.marks;
    std::ranges::stable_sort(marks, {}, &Mark::time);
    for (Mark& mark : marks) {
      if (!within(mark.time) || !concerns(mark)) continue;
      auto envelope = std::make_shared<Envelope>();
      envelope->agent = AgentId("notes");
      envelope->received = mark.time;
      envelope->event = std::move(mark);
      if (Result<> done = out_.put(std::move(envelope)); !done) return done;
    }
    return {};
  }

  bool within(TimeNs time) const { return time >= options_.from && time <= options_.to; }
  // Where an event stands; a gap that reaches into the stretch stands at its beginning.
  TimeNs timeIn(const Placed& placed) const {
    TimeNs time = momentOf(*placed.envelope);
    if (time == 0) time = placed.at;
    const auto* gap = std::get_if<Gap>(&placed.envelope->event);
    return gap != nullptr && gap->to >= options_.from ? std::max(time, options_.from) : time;
  }
  bool wants(const ProcessId& id) const { return !options_.process || options_.process(id); }
  bool wantsSeries(const InstanceId& instance, SeriesIndex index) const {
    return !options_.series || wanted_.contains({instance, index.value});
  }

  Result<> begin() {
    begun_ = true;
    for (const EnvelopePtr& envelope : before_.envelopes()) {
      if (Result<> done = write(envelope); !done) return done;
      // Of a group that stands, what it came to.
      const auto* group = std::get_if<LinkGroup>(&envelope->event);
      const bool stands = group != nullptr && group->state != GroupState::Running;
      if (!stands || !lastHit_ || std::get<Hit>(lastHit_->event).id != group->hitId) continue;
      if (Result<> done = out_.put(lastHit_); !done) return done;
    }
    return {};
  }

  Result<> put(EnvelopePtr envelope) {
    found_ = true;
    if (!begun_) {
      if (Result<> done = begin(); !done) return done;
    }
    if (Result<> done = declareFirst(*envelope); !done) return done;
    return write(std::move(envelope));
  }

  Result<> write(EnvelopePtr envelope) {
    if (const auto* change = std::get_if<ProcessChange>(&envelope->event)) {
      declarations_.erase({envelope->agent, change->info.id, change->info.instance});
    }
    return out_.put(std::move(envelope));
  }

  // What was fetched from before an attach is older than what the attach was told of its process.
  Result<> declareFirst(const Envelope& envelope) {
    const ProcessRef* process = std::visit(
        [](const auto& event) -> const ProcessRef* {
          if constexpr (requires { event.process.instance; }) return &event.process;
          return nullptr;
        },
        envelope.event);
    if (process == nullptr) return {};
    const auto told = declarations_.find({envelope.agent, process->id, process->instance});
    return told == declarations_.end() ? Result<>() : write(outsideTheLog(told->second));
  }

  template <class T>
  Result<> putChanged(const Envelope& envelope, T event) {
    auto copy = std::make_shared<Envelope>();
    copy->agent = envelope.agent;
    copy->sequence = envelope.sequence;
    copy->previous = envelope.previous;
    copy->received = envelope.received;
    copy->event = std::move(event);
    return put(std::move(copy));
  }

  Result<> takeBlock(const Envelope& envelope, const SampleBlock& block) {
    if (!wants(block.process.id)) return {};
    if (block.times.empty()) return {};
    const auto [low, high] = std::minmax_element(block.times.begin(), block.times.end());
    if (*high < options_.from || *low > options_.to) return {};
    SampleBlock part = block;
    const KeepSeries keep = [&](SeriesIndex index) { return wantsSeries(block.process.instance, index); };
    return trim(part, options_.from, options_.to, options_.series ? keep : KeepSeries())
               ? putChanged(envelope, std::move(part))
               : Result<>();
  }

  Result<> takeFrames(const Envelope& envelope, const FrameBlock& block) {
    if (!wants(block.process.id)) return {};
    FrameBlock part = block;
    return trim(part, options_.from, options_.to) ? putChanged(envelope, std::move(part)) : Result<>();
  }

  Result<> takeRollup(const Envelope& envelope, const Rollup& rollup) {
    if (!wants(rollup.process.id) || !within(rollup.from)) return {};
    Rollup part = rollup;
    std::erase_if(part.rows, [&](const RollupRow& row) { return !wantsSeries(rollup.process.instance, row.series); });
    return part.rows.empty() ? Result<>() : putChanged(envelope, std::move(part));
  }

  // Whether an event concerns a process that is wanted; what concerns none is wanted always.
  bool concerns(const Event& event) const {
    const auto any = [this](const auto& members) {
      return members.empty() ||
             std::any_of(members.begin(), members.end(), [this](const auto& m) { return wants(m.process); });
    };
    if (const auto* group = std::get_if<LinkGroup>(&event)) return any(group->members);
    if (const auto* breakpoint = std::get_if<Breakpoint>(&event)) return any(breakpoint->members);
    if (const auto* mark = std::get_if<Mark>(&event)) return mark->domain.empty() || wants(ProcessId(mark->domain));
    const ProcessId id = processOf(event);
    return id.value.empty() || wants(id);
  }

  // The same with declarations of wanted series only.
  EnvelopePtr reduced(const EnvelopePtr& envelope) {
    if (!options_.series) return envelope;
    if (const auto* derived = std::get_if<DerivedSeries>(&envelope->event)) {
      if (!options_.series(derived->info.name, labelOf(derived->info))) return nullptr;
      wanted_.insert({derived->process.instance, derived->info.index.value});
      return envelope;
    }
    const auto* change = std::get_if<ProcessChange>(&envelope->event);
    if (change == nullptr) return envelope;
    auto copy = std::make_shared<Envelope>(*envelope);
    ProcessInfo& info = std::get<ProcessChange>(copy->event).info;
    std::erase_if(info.series, [&](const SeriesInfo& s) { return !options_.series(s.name, labelOf(s)); });
    for (const SeriesInfo& s : info.series) wanted_.insert({info.instance, s.index.value});
    return copy;
  }

  Result<> takeEvent(const Placed& placed) {
    if (!within(timeIn(placed)) || !concerns(placed.envelope->event)) return {};
    const EnvelopePtr envelope = reduced(placed.envelope);
    if (!envelope) return {};
    const Event& event = envelope->event;
    return isState(event) ? putState(envelope) : put(envelope);
  }

  // A state alone does not make a stretch worth a file.
  Result<> putState(const EnvelopePtr& envelope) {
    if (!begun_) {
      if (Result<> done = begin(); !done) return done;
    }
    return write(envelope);
  }

  const CutOptions& options_;
  CopyOut& out_;
  Preamble before_;
  EnvelopePtr lastHit_;
  std::map<std::tuple<AgentId, ProcessId, InstanceId>, EnvelopePtr> declarations_;  // first ones, not yet written
  std::set<std::pair<InstanceId, std::uint32_t>> wanted_;                           // series, where not all are
  bool begun_ = false, found_ = false;
};

}  // namespace

Result<CopyReport> cut(const Recording& file, const CutOptions& options, const std::string& out,
                       const std::string& program, std::stop_token stop) {
  if (options.from > options.to) {
    return fail(ErrorCode::InvalidArgument, "The stretch ends before it begins; give --from the earlier moment.");
  }
  // Samples and frames from a little before the stretch on: their replay time is never before their own, and a block
  // that reaches into the stretch began shortly before it. Of what was before that only the states, as they ended.
  const TimeNs begin = options.from < INT64_MIN + kBlockMost ? INT64_MIN : options.from - kBlockMost;
  const Result<std::unique_ptr<Cursor>> cursor = file.cursor(begin);
  if (!cursor) return std::unexpected(cursor.error());
  Result<CopyOut> copy = CopyOut::create(out, program);
  if (!copy) return std::unexpected(copy.error());
  Cutter cutter(options, *copy);
  EventCursor states(file, stateKinds());
  while (const std::optional<Placed> next = states.next()) cutter.learn(*next);
  while (const std::optional<Placed> next = (*cursor)->next()) {
    if (stop.stop_requested()) return fail(ErrorCode::Unavailable, "Interrupted; nothing was written.");
    if (Result<> done = cutter.take(*next); !done) return std::unexpected(done.error());
  }
  if (!cutter.foundSomething()) {
    return fail(ErrorCode::NotFound, fmt::format("Nothing in {} lies in that stretch; qdctl info {} says from when to "
                                                 "when it reaches.",
                                                 file.path(), file.path()));
  }
  if (Result<> done = cutter.end(); !done) return std::unexpected(done.error());
  if (Result<> done = copy->finish(); !done) return std::unexpected(done.error());
  return CopyReport{copy->points(), copy->envelopes(), (*cursor)->damaged()};
}

}  // namespace qd::recording
