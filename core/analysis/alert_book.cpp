// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/alert_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace qd::analysis {
namespace {

double valueAt(const ingest::Column& column, std::size_t i) {
  return std::visit([i](const auto& values) { return static_cast<double>(values[i]); }, column.values);
}

std::size_t rowOf(const ingest::Column& column, std::size_t i) {
  return column.rows.empty() ? i : column.rows[i];
}

}  // namespace

void AlertBook::on(const ingest::EnvelopePtr& envelope) {
  const std::lock_guard lock(mutex_);
  const TimeNs time = ingest::momentOf(*envelope);
  newest_ = std::max(newest_, time);
  if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope->event)) take(*change, envelope->agent);
  if (const auto* change = std::get_if<ingest::AgentChange>(&envelope->event)) take(*change, envelope->agent);
  if (const auto* block = std::get_if<ingest::SampleBlock>(&envelope->event)) take(*block);
  if (const auto* gap = std::get_if<ingest::Gap>(&envelope->event)) take(*gap, envelope->agent);
}

void AlertBook::take(const ingest::ProcessChange& change, const AgentId&) {
  const auto& info = change.info;
  if (info.state == ingest::ProcessState::Gone) {
    std::string text = info.id.value + " is gone";
    text += change.reason.empty() ? "." : ": " + change.reason;
    raise({AlertRule::ProcessGone, info.id, info.id.value, text, newest_, newest_, 0, info.tick, 1});
    return;
  }
  end(AlertRule::ProcessGone, info.id.value, newest_);
  for (const auto& series : info.series) {
    if (series.name != "tick.overruns") continue;
    auto& known = overruns_[info.id];
    if (known.process != ingest::ProcessRef{info.id, info.instance} || known.series != series.index) {
      known = {{info.id, info.instance}, series.index};
    }
  }
}

void AlertBook::take(const ingest::AgentChange& change, const AgentId& agent) {
  if (change.state == ingest::AgentState::Connected) end(AlertRule::AgentLost, agent.value, newest_);
  if (change.state != ingest::AgentState::Lost && change.state != ingest::AgentState::Refused) return;
  std::string text =
      fmt::format("Agent {} {}", agent.value, change.state == ingest::AgentState::Lost ? "is lost" : "refused us");
  text += change.reason.empty() ? "." : ": " + change.reason;
  raise({AlertRule::AgentLost, ProcessId(), agent.value, text, newest_, newest_, 0, 0, 1});
}

void AlertBook::take(const ingest::SampleBlock& block) {
  if (block.dropped > 0) {
    const TimeNs time = block.times.empty() ? newest_ : block.times.front();
    const Tick tick = block.ticks.empty() ? 0 : block.ticks.front();
    raise({AlertRule::SamplesDropped, block.process.id, block.process.id.value,
           block.process.id.value + " lost samples: its ring was full.", time, time, 0, tick, block.dropped});
  }
  const auto known = overruns_.find(block.process.id);
  if (known == overruns_.end() || known->second.process != block.process) return;
  for (const auto& column : block.columns) {
    if (column.series == known->second.series) countOverruns(block, column);
  }
}

// tick.overruns counts the ticks of the second before it.
void AlertBook::countOverruns(const ingest::SampleBlock& block, const ingest::Column& column) {
  for (std::size_t i = 0; i < column.size(); ++i) {
    const double count = valueAt(column, i);
    const std::size_t row = rowOf(column, i);
    if (!(count > 0) || row >= block.times.size() || row >= block.ticks.size()) continue;
    const TimeNs time = block.times[row];
    raise({AlertRule::TickOverrun, block.process.id, block.process.id.value,
           block.process.id.value + " worked longer than its tick lasts.", time, time, 0, block.ticks[row],
           static_cast<std::uint64_t>(std::min(count, 1e15))});
  }
}

void AlertBook::take(const ingest::Gap& gap, const AgentId& agent) {
  const std::string subject = gap.process.value.empty() ? agent.value : gap.process.value;
  std::string text = gap.dropped > 0 ? fmt::format("Data of {} is missing", subject)
                                     : fmt::format("Data of {} is missing, how much is not known", subject);
  text += gap.cause.empty() ? "." : ": " + gap.cause;
  raise(
      {AlertRule::SamplesDropped, gap.process, subject, text, gap.from, std::max(gap.from, gap.to), 0, 0, gap.dropped});
}

void AlertBook::raise(Alert alert) {
  ++revision_;
  const Key key{alert.rule, alert.subject};
  const auto open = open_.find(key);
  if (open != open_.end() && open->second >= first_) {
    Alert& going = alerts_[open->second - first_];
    const bool lasts = alert.rule == AlertRule::ProcessGone || alert.rule == AlertRule::AgentLost;
    if (lasts || alert.from - going.last < kQuiet) {
      going.last = std::max(going.last, alert.last);
      if (!lasts) going.count += alert.count;
      return;
    }
    going.ended = going.last;
  }
  alerts_.push_back(std::move(alert));
  open_[key] = first_ + alerts_.size() - 1;
  if (alerts_.size() <= kMost) return;
  alerts_.pop_front();
  ++first_;
}

void AlertBook::end(AlertRule rule, const std::string& subject, TimeNs time) {
  const auto open = open_.find({rule, subject});
  if (open == open_.end()) return;
  if (open->second >= first_) alerts_[open->second - first_].ended = time;
  open_.erase(open);
  ++revision_;
}

std::uint64_t AlertBook::revision() const {
  const std::lock_guard lock(mutex_);
  return revision_;
}

std::vector<Alert> AlertBook::alerts(TimeNs asOf) const {
  const std::lock_guard lock(mutex_);
  std::vector<Alert> out;
  std::ranges::copy_if(alerts_, std::back_inserter(out), [&](const Alert& alert) { return alert.from <= asOf; });
  return out;
}

}  // namespace qd::analysis
