// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/stutter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/analysis/stutter_judge.h"

namespace qd::analysis {
namespace {

constexpr double kSeenMs = 50;     // shorter lacks are bridged by extrapolation and not seen: three frames at 60 Hz
constexpr double kDryShare = 0.2;  // of frames beyond the newest snapshot, however short each time
constexpr double kExplains =
    0.3;  // of the lateness further down, which may outlast its cause: clocks have to find back
constexpr double kBusy = 95, kPressed = 25, kStolen = 5;  // %, of the host's figures
constexpr double kStalled = 3;                            // net.state

// The verdict of the judged figures: wrong where one is, at the first tick of any, as late as the worst.
LayerFinding found(Layer layer, const std::vector<std::pair<Evidence, double>>& judged) {
  LayerFinding out;
  out.layer = layer;
  for (const auto& [evidence, lateMs] : judged) {
    out.verdict = out.verdict == Verdict::NoData ? Verdict::Ok : out.verdict;
    if (evidence.wrong) {
      if (out.verdict != Verdict::Wrong || lateMs > out.lateMs) {
        out.lateMs = lateMs;
        out.time = evidence.time;
      }
      out.verdict = Verdict::Wrong;
      out.tick = std::min(out.tick.value_or(evidence.firstTick), evidence.firstTick);
    }
    out.evidence.push_back(evidence);
  }
  std::ranges::stable_sort(out.evidence, [](const Evidence& a, const Evidence& b) { return a.wrong && !b.wrong; });
  return out;
}

void addContext(LayerFinding& finding, std::optional<Evidence> context) {
  if (context) finding.evidence.push_back(std::move(*context));
}

std::string usually(const Evidence& e) {
  return e.usual ? fmt::format("usually {} {}", number(*e.usual), e.unit) : std::string("nothing to compare with");
}

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

// The longest stretch of frames that were drawn beyond the newest snapshot, in ms.
LayerFinding judgeBuffer(const StutterInput& input, const Judge& judge) {
  std::vector<std::pair<Evidence, double>> judged;
  double longest = 0, dry = 0, share = 0;
  if (judge.has(input.bufferDepth)) {
    Evidence e = judge.blank(input.bufferDepth);
    e.limit = 0;
    const Baseline usual = judge.usual(input.bufferDepth);
    if (usual.n > 0) e.usual = usual.median;
    const TickPoint* begin = nullptr;
    bool any = false;
    double frames = 0;
    std::optional<double> firstDry;
    for (const TickPoint& p : input.bufferDepth.points) {
      if (!std::isfinite(p.value)) continue;
      if (!judge.inWindow(p) || judge.parked(input.server, p.tick) || judge.parked(input.client, p.tick)) {
        begin = nullptr;
        continue;
      }
      if (!any || p.value < e.value) {
        any = true;
        e.value = p.value;
        e.tick = p.tick;
        e.time = p.time;
      }
      ++frames;
      if (p.value >= 0) {
        begin = nullptr;
        continue;
      }
      ++dry;
      if (!firstDry) firstDry = p.tick;
      if (begin == nullptr) begin = &p;
      const double lasts = static_cast<double>(p.time - begin->time) / 1e6 + judge.frameMs();
      if (lasts < kSeenMs) continue;
      if (!e.wrong) e.firstTick = begin->tick;
      e.wrong = true;
      longest = std::max(longest, lasts);
    }
    share = frames > 0 ? dry / frames : 0;
    if (!e.wrong && share > kDryShare) {
      e.wrong = true;
      e.firstTick = *firstDry;
    } else if (!e.wrong) {
      e.firstTick = e.tick;
    }
    judged.emplace_back(e, dry * judge.frameMs());
  }
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
  if (longest < kSeenMs) {
    out.says = fmt::format("{:.0f} % of the frames of {} were drawn beyond the newest snapshot.", share * 100,
                           e.process.value);
  } else {
    out.says = fmt::format("The buffer of {} was empty for {} ms: frames were extrapolated{}.", e.process.value,
                           number(longest), longest > 100 + judge.frameMs() ? ", then held" : "");
  }
  if (const double delay = delayMs(input, judge, 0); delay > 0)
    out.says += fmt::format(" The delay aimed at was {} ms.", number(delay));
  return out;
}

// An interval is told by the frame that ends it and belongs to the tick that was shown meanwhile.
TickTrack fromWhereTheyBegan(TickTrack intervals) {
  for (std::size_t i = intervals.points.size(); i-- > 1;) intervals.points[i].tick = intervals.points[i - 1].tick;
  return intervals;
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

// Upstream of the worst, what is too small to explain it is not what went wrong first.
void chooseFirst(StutterReport& report) {
  for (std::size_t i = 0; i < kLayers; ++i) {
    LayerFinding& layer = report.layers[i];
    if (layer.verdict != Verdict::Wrong) continue;
    double further = 0;
    for (std::size_t k = i + 1; k < kLayers; ++k)
      if (report.layers[k].verdict == Verdict::Wrong) further = std::max(further, report.layers[k].lateMs);
    layer.minor = layer.lateMs < kExplains * further;
    if (layer.minor) {
      layer.says += fmt::format(" That is too little to explain the {} ms further down.", number(further));
    } else if (!report.first) {
      report.first = layer.layer;
    }
  }
}

void writeHeadline(const StutterInput& input, StutterReport& report) {
  if (report.first) {
    const LayerFinding& first = report.of(*report.first);
    report.headline =
        fmt::format("{} went wrong first, at tick {}. {}", nameOf(*report.first), tickText(*first.tick), first.says);
    report.headline[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(report.headline[0])));
    return;
  }
  std::string missing;
  for (const LayerFinding& layer : report.layers)
    if (layer.verdict == Verdict::NoData) missing += (missing.empty() ? "" : ", ") + std::string(nameOf(layer.layer));
  report.headline = fmt::format("Nothing went wrong between ticks {} and {}", tickText(input.from), tickText(input.to));
  if (missing.empty()) {
    report.headline += ".";
  } else {
    report.headline =
        fmt::format("Nothing that is known here went wrong between ticks {} and {}; nothing is known of: {}.",
                    tickText(input.from), tickText(input.to), missing);
  }
}

}  // namespace

const char* nameOf(Layer layer) {
  static constexpr const char* names[] = {"host", "server tick", "snapshot arrival", "interpolation buffer",
                                          "client frame"};
  return names[static_cast<std::size_t>(layer)];
}

const char* keyOf(Layer layer) {
  static constexpr const char* keys[] = {"host", "server_tick", "snapshot_arrival", "interpolation_buffer",
                                         "client_frame"};
  return keys[static_cast<std::size_t>(layer)];
}

const char* keyOf(Verdict verdict) {
  static constexpr const char* keys[] = {"ok", "wrong", "no_data"};
  return keys[static_cast<std::size_t>(verdict)];
}

StutterReport whyStuttered(const StutterInput& input) {
  const Judge judge(input);
  StutterReport report;
  report.server = input.server;
  report.client = input.client;
  report.moment = input.moment;
  report.from = input.from;
  report.to = input.to;
  report.time = input.time;
  report.layers = {judgeHost(input, judge), judgeServer(input, judge), judgeArrival(input, judge),
                   judgeBuffer(input, judge), judgeFrame(input, judge)};
  for (const ParkedSpan& span : input.parked) {
    if (span.to < input.from || span.from > input.to) continue;
    report.notes.push_back(fmt::format("{} stood at a breakpoint at tick {}; that time is left out.",
                                       span.process.value, tickText(span.from)));
  }
  chooseFirst(report);
  writeHeadline(input, report);
  return report;
}

}  // namespace qd::analysis
