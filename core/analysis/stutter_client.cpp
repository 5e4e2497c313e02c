// SPDX-License-Identifier: Apache-2.0
// What happens at the client: arrival, buffer, frame.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/analysis/stutter_judge.h"

namespace qd::analysis {
namespace {

// Extrapolation bridges a lack until its error can be seen. A player who turns about at 40 m/s² is a·t²/2 = 5 cm beside
// the line after 50 ms, and 5 cm are the bias that the sabotage table takes for the least that must show.
constexpr double kSeenMs = 50;
// Of frames beyond the newest snapshot, however short each time. The delay is an interval + 1.25 mean deviations, which
// is one σ of a Gaussian (the mean deviation is 0.8 σ): 1 − Φ(1) of the snapshots come later than that by design.
constexpr double kDryShare = 0.159;
constexpr double kStalled = 3;  // net.state

// What a length of time in ms can be; anything else comes from a broken process.
bool isLength(double ms) {
  constexpr double kLongest = 1e9;
  return ms >= 0 && ms < kLongest;
}

// Of gaps in which the client itself stood still, only what is left of them: nothing was there to receive.
TickTrack gapsWhileAwake(const StutterInput& input, double usualFrameMs, double stallMs) {
  TickTrack out = input.snapshotInterval;
  for (TickPoint& gap : out.points) {
    if (!isLength(gap.value)) continue;
    for (const TickPoint& frame : input.frameInterval.points) {
      if (!(frame.value > stallMs) || !isLength(frame.value)) continue;
      const TimeNs begin = std::max(gap.time - static_cast<TimeNs>(gap.value * 1e6),
                                    frame.time - static_cast<TimeNs>(frame.value * 1e6));
      const double both = static_cast<double>(std::min(gap.time, frame.time) - begin) / 1e6;
      if (both > usualFrameMs) gap.value -= both - usualFrameMs;
    }
  }
  return out;
}

double delayMs(const StutterInput& input, const Judge& judge, double usualGap) {
  double ticks = usualGap > 0 ? 2 * usualGap / judge.tickMs() : 0;
  for (const TickPoint& p : input.delayTicks.points)
    if (p.tick <= input.to && std::isfinite(p.value)) ticks = p.value;
  return ticks * judge.tickMs();
}

// The frames of the window that were drawn beyond the newest snapshot.
struct Dryness {
  Evidence evidence;
  double longestMs = 0;  // without one in between that was not
  double frames = 0, dry = 0;
  double share() const { return frames > 0 ? dry / frames : 0; }
};

Dryness drynessOf(const StutterInput& input, const Judge& judge) {
  Dryness out{judge.blank(input.bufferDepth)};
  Evidence& e = out.evidence;
  e.limit = 0;
  if (const Baseline usual = judge.usual(input.bufferDepth); usual.n > 0) e.usual = usual.median;
  const TickPoint* begin = nullptr;
  std::optional<double> firstDry;
  for (const TickPoint& p : input.bufferDepth.points) {
    if (!std::isfinite(p.value)) continue;
    const bool counts = judge.inWindow(p) && !judge.parked(input.server, p.tick) && !judge.parked(input.client, p.tick);
    if (counts && (out.frames++ == 0 || p.value < e.value)) {
      e.value = p.value;
      e.tick = p.tick;
      e.time = p.time;
    }
    if (!counts || p.value >= 0) {
      begin = nullptr;
      continue;
    }
    ++out.dry;
    if (!firstDry) firstDry = p.tick;
    if (begin == nullptr) begin = &p;
    const double lasts = static_cast<double>(p.time - begin->time) / 1e6 + judge.frameMs();
    out.longestMs = std::max(out.longestMs, lasts);
    if (lasts < kSeenMs || e.wrong) continue;
    e.wrong = true;
    e.firstTick = begin->tick;
  }
  if (!e.wrong && out.share() > kDryShare) {
    e.wrong = true;
    e.firstTick = *firstDry;
  } else if (!e.wrong) {
    e.firstTick = e.tick;
  }
  return out;
}

// An interval is told by the frame that ends it and belongs to the tick that was shown meanwhile.
TickTrack fromWhereTheyBegan(TickTrack intervals) {
  for (std::size_t i = intervals.points.size(); i-- > 1;) intervals.points[i].tick = intervals.points[i - 1].tick;
  return intervals;
}

}  // namespace

LayerFinding judgeArrival(const StutterInput& input, const Judge& judge) {
  std::vector<std::pair<Evidence, double>> judged;
  const double frameMs = input.frameInterval.empty() ? judge.frameMs() : judge.usual(input.frameInterval).median;
  TickTrack gaps = gapsWhileAwake(input, frameMs, 2 * std::max(frameMs, judge.frameMs()));
  const Baseline usual = judge.usual(gaps);
  // Nothing since: the gap is still open at the end of what we know.
  if (!gaps.empty() && input.newest > gaps.points.back().time) {
    const TickPoint last = gaps.points.back();
    const double open = static_cast<double>(input.newest - last.time) / 1e6;
    const double missing = last.tick + (last.value + usual.median) / judge.tickMs();
    gaps.points.push_back({missing, input.newest, open});
  }
  // What the buffer can bridge, or what is usual, and as much as would not be seen.
  const double fixed = std::max(delayMs(input, judge, usual.median), 2 * usual.median) + kSeenMs;
  if (judge.has(gaps, true)) {
    auto [evidence, total] = judge.above(gaps, fixed, true);
    judged.emplace_back(std::move(evidence), total);
  }
  LayerFinding out = found(Layer::SnapshotArrival, judged);
  addContext(out, judge.context(input.lossBurst));
  addContext(out, judge.context(input.jitter));
  addContext(out, judge.context(input.netState, kStalled));
  if (out.verdict == Verdict::NoData) {
    out.says = "No arrivals of snapshots at the client are here.";
    return out;
  }
  const Evidence& e = out.evidence.front();
  if (out.verdict == Verdict::Ok) {
    out.says = fmt::format("No two snapshots came more than {} ms apart ({}).", number(e.value), usually(e));
    return out;
  }
  out.says = fmt::format("No snapshot reached {} for {} ms ({}).", e.process.value, number(e.value), usually(e));
  for (const Evidence& c : out.evidence)
    if (c.isContext && c.series == input.lossBurst.series && c.value >= 2)
      out.says += fmt::format(" {} packets were lost in a row.", number(c.value));
  return out;
}

LayerFinding judgeBuffer(const StutterInput& input, const Judge& judge) {
  std::vector<std::pair<Evidence, double>> judged;
  const Dryness dryness = drynessOf(input, judge);
  if (judge.has(input.bufferDepth)) judged.emplace_back(dryness.evidence, dryness.dry * judge.frameMs());
  LayerFinding out = found(Layer::InterpolationBuffer, judged);
  addContext(out, judge.context(input.delayTicks));
  if (out.verdict == Verdict::NoData) {
    out.says = "No interp.buffer_depth of the client is here.";
    return out;
  }
  const Evidence& e = out.evidence.front();
  if (out.verdict == Verdict::Ok) {
    out.says = fmt::format("The buffer never ran dry for long; at least {} ticks were left.", number(e.value));
    return out;
  }
  if (dryness.longestMs < kSeenMs) {
    out.says = fmt::format("{:.0f} % of the frames of {} were drawn beyond the newest snapshot.", dryness.share() * 100,
                           e.process.value);
  } else {
    const bool held = dryness.longestMs > 100 + judge.frameMs();
    out.says = fmt::format("The buffer of {} was empty for {} ms: frames were extrapolated{}.", e.process.value,
                           number(dryness.longestMs), held ? ", then held" : "");
  }
  if (const double delay = delayMs(input, judge, 0); delay > 0)
    out.says += fmt::format(" The delay aimed at was {} ms.", number(delay));
  return out;
}

LayerFinding judgeFrame(const StutterInput& input, const Judge& judge) {
  std::vector<std::pair<Evidence, double>> judged;
  const TickTrack frames = fromWhereTheyBegan(input.frameInterval);
  if (judge.has(frames, true)) {
    auto [evidence, total] = judge.above(frames, 2 * judge.frameMs(), true);
    judged.emplace_back(std::move(evidence), total);
  }
  LayerFinding out = found(Layer::ClientFrame, judged);
  auto work = judge.context(input.frameDuration, input.frameDuration.budget.value_or(judge.frameMs()));
  const bool worked = work && work->wrong;
  addContext(out, std::move(work));
  if (out.verdict == Verdict::NoData) {
    out.says = "No frame.interval of the client is here.";
    return out;
  }
  const Evidence& e = out.evidence.front();
  if (out.verdict == Verdict::Ok) {
    out.says = fmt::format("Frames came at most {} ms apart ({}).", number(e.value), usually(e));
  } else if (worked) {
    const Evidence& spent = out.evidence.back();
    out.says = fmt::format("{} showed no new frame for {} ms ({}); it worked {} ms on one.", e.process.value,
                           number(e.value), usually(e), number(spent.value));
  } else {
    out.says = fmt::format("{} showed no new frame for {} ms ({}), without working on one.", e.process.value,
                           number(e.value), usually(e));
  }
  return out;
}

}  // namespace qd::analysis
