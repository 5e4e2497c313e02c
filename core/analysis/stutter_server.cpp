// SPDX-License-Identifier: Apache-2.0
// The host and the server's tick.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/analysis/stutter_judge.h"

namespace qd::analysis {
namespace {

constexpr double kBusy = 95, kPressed = 25, kStolen = 5;  // %, of the host's figures

// tick.start_jitter without what the tick before it had overrun: that is the server's own doing.
TickTrack lateStarts(const StutterInput& input, double tickMs) {
  std::map<std::int64_t, double> took;
  for (const TickPoint& p : input.tickDuration.points) took[std::llround(p.tick)] = p.value;
  TickTrack out = input.startJitter;
  for (std::size_t i = 0; i < out.points.size(); ++i) {
    TickPoint& point = out.points[i];
    const auto before = took.find(std::llround(point.tick) - 1);
    if (i == 0 || before == took.end()) continue;
    const double carried = input.startJitter.points[i - 1].value + before->second - tickMs;
    point.value = std::max(0.0, point.value - std::max(0.0, carried));
  }
  return out;
}

}  // namespace

LayerFinding judgeHost(const StutterInput& input, const Judge& judge) {
  std::vector<std::pair<Evidence, double>> judged;
  const auto add = [&](const TickTrack& track, double fixed) {
    if (!judge.has(track)) return;
    auto [evidence, total] = judge.above(track, fixed);
    judged.emplace_back(std::move(evidence), total);
  };
  add(input.tickSchedDelay, judge.tickMs() / 2);
  add(lateStarts(input, judge.tickMs()), judge.tickMs() / 2);
  add(input.frameSchedDelay, judge.frameMs() / 2);
  LayerFinding out = found(Layer::Host, judged);
  addContext(out, judge.context(input.hostThrottled, judge.tickMs()));
  addContext(out, judge.context(input.hostSteal, kStolen));
  addContext(out, judge.context(input.hostPressure, kPressed));
  addContext(out, judge.context(input.hostCpu, kBusy));
  if (out.verdict == Verdict::NoData) {
    out.says = "Neither tick.start_jitter nor tick.sched_delay of the server is here.";
    return out;
  }
  if (out.verdict == Verdict::Ok) {
    out.says = "The threads ran when they were due.";
    return out;
  }
  const Evidence& worst = out.evidence.front();
  const bool started = worst.series == input.startJitter.series && worst.process == input.server;
  out.says = started ? fmt::format("The host started a tick of {} {} ms late ({}).", worst.process.value,
                                   number(worst.value), usually(worst))
                     : fmt::format("A thread of {} was ready to run and waited {} ms for a processor ({}).",
                                   worst.process.value, number(worst.value), usually(worst));
  for (const Evidence& e : out.evidence)
    if (e.isContext && e.wrong) out.says += fmt::format(" {} stood at {} {}.", e.series, number(e.value), e.unit);
  return out;
}

LayerFinding judgeServer(const StutterInput& input, const Judge& judge) {
  std::vector<std::pair<Evidence, double>> judged;
  if (judge.has(input.tickDuration)) {
    auto [evidence, total] = judge.above(input.tickDuration, input.tickDuration.budget.value_or(judge.tickMs()));
    judged.emplace_back(std::move(evidence), total);
  }
  LayerFinding out = found(Layer::ServerTick, judged);
  if (out.verdict == Verdict::NoData) {
    out.says = "No tick.duration of the server is here.";
  } else if (const Evidence& e = out.evidence.front(); out.verdict == Verdict::Ok) {
    out.says = fmt::format("No tick took longer than {} ms; the longest {} ms.", number(*e.limit), number(e.value));
  } else {
    out.says = fmt::format("A tick of {} took {} ms ({}, budget {} ms).", e.process.value, number(e.value), usually(e),
                           number(input.tickDuration.budget.value_or(judge.tickMs())));
    for (const TickPoint& p : input.tickSchedDelay.points)
      if (p.tick == e.tick && p.value >= 1)
        out.says += fmt::format(" {} ms of it waited for a processor.", number(p.value));
    if (const auto steal = judge.context(input.hostSteal, kStolen); steal && steal->wrong)
      out.says += fmt::format(" host.steal stood at {} %: the host's owner may have held it up.", number(steal->value));
  }
  return out;
}

}  // namespace qd::analysis
