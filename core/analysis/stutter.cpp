// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/stutter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/analysis/stutter_judge.h"

namespace qd::analysis {
namespace {

constexpr double kExplains = 0.5;  // the greater part of what is late further down
// A render clock falls back at 15 % of the time at most (time dilation, 0.85): when a cause made it L too far ahead,
// the buffer is dry for up to L + L / 0.15. So much of what the buffer lacked asks for a cause; the rest is finding
// back.
constexpr double kSlowest = 0.85;
constexpr double kCaused = (1 - kSlowest) / (2 - kSlowest);

// How much lateness of this layer one further up has to explain, ms.
double toExplain(const LayerFinding& layer) {
  if (layer.verdict != Verdict::Wrong) return 0;
  return layer.layer == Layer::InterpolationBuffer ? kCaused * layer.lateMs : layer.lateMs;
}

// Upstream of the worst, what is too small to explain it is not what went wrong first.
void chooseFirst(StutterReport& report) {
  for (std::size_t i = 0; i < kLayers; ++i) {
    LayerFinding& layer = report.layers[i];
    if (layer.verdict != Verdict::Wrong) continue;
    double further = 0;
    for (std::size_t k = i + 1; k < kLayers; ++k) further = std::max(further, toExplain(report.layers[k]));
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