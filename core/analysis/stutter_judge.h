// SPDX-License-Identifier: Apache-2.0
// How the figures of the five layers are judged: of core/analysis/stutter*.cpp alone. Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/analysis/baseline.h"
#include "core/analysis/stutter.h"

namespace qd::analysis {

class Judge {
 public:
  explicit Judge(const StutterInput& input) : input_(input) {}

  double tickMs() const { return 1e3 / input_.tickHz; }
  double frameMs() const { return 1e3 / input_.frameHz; }
  bool inWindow(const TickPoint& point, bool lasts = false) const {
    const double reach = lasts ? point.value / tickMs() : 0;
    return point.tick + reach >= input_.from && point.tick <= input_.to;
  }
  // Its process stood at a breakpoint then, or has just come from one.
  bool parked(const ProcessId& process, double tick) const;
  Baseline usual(const TickTrack& track) const;  // of what lies before the window

  // An excess of the window: the worst point, and by how much all that are wrong are beyond what is usual, together.
  struct Excess {
    Evidence evidence;
    double total = 0;
  };
  // The worst point of the window above max(fixed, usual + 6 σ of at least 30 samples). `lasts`: the values are ms that
  // begin at the point's tick, so that what began before the window may reach into it.
  Excess above(const TickTrack& track, double fixed, bool lasts = false) const;
  // The newest sample at or before the window's end, for context; wrong at or above `limit`.
  std::optional<Evidence> context(const TickTrack& track, std::optional<double> limit = {}) const;
  Evidence blank(const TickTrack& track) const;                // with its strip
  bool has(const TickTrack& track, bool lasts = false) const;  // samples in the window

 private:
  const StutterInput& input_;
};

// The verdict of the judged figures, each with its lateness in ms: wrong where one is, at the first tick of any, as
// late as the worst.
LayerFinding found(Layer layer, const std::vector<std::pair<Evidence, double>>& judged);
void addContext(LayerFinding& finding, std::optional<Evidence> context);
std::string usually(const Evidence& evidence);  // "usually 33.3 ms"

LayerFinding judgeHost(const StutterInput& input, const Judge& judge);
LayerFinding judgeServer(const StutterInput& input, const Judge& judge);
LayerFinding judgeArrival(const StutterInput& input, const Judge& judge);
LayerFinding judgeBuffer(const StutterInput& input, const Judge& judge);
LayerFinding judgeFrame(const StutterInput& input, const Judge& judge);

std::string number(double value);  // three significant digits
std::string tickText(double tick);

}  // namespace qd::analysis
