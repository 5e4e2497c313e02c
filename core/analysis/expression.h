// SPDX-License-Identifier: Apache-2.0
// Names of series that are computed from others for the eye, as a plot declares them and a layout keeps them:
//   rate(net.bytes)   avg(net.rtt, 5s)   p95(net.rtt, 10s)   diff(net.rtt, net.jitter)   diff(server-1:a, server-2:a)
// A plain series name is an expression too. An operand is [PROCESS:]NAME[{dimension=value,…}]; without a process it is
// of the process that the plot follows. Pure values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/ids.h"

namespace qd::analysis {

enum class Derivation { None, Rate, Average, Percentile, Difference };

struct Operand {
  ProcessId process;  // empty: the plot's
  std::string name;
  std::vector<std::pair<std::string, std::string>> dimensions;
  bool operator==(const Operand&) const = default;
};

struct Expression {
  Derivation kind = Derivation::None;
  Operand a, b;         // b: Difference only
  TimeNs window = 0;    // Average, Percentile: the samples of (t - window, t]
  double fraction = 0;  // Percentile: 0 to 1
  bool operator==(const Expression&) const = default;
};

// The error says what is wrong with which part.
Result<Expression> parseExpression(std::string_view text);
std::string textOf(const Operand& operand);
std::string textOf(const Expression& expression);  // parses to the same again
// Of the computed values, where those of `a` are in `unit`: a rate of bytes is bytes/s.
std::string unitOf(const Expression& expression, const std::string& unit);

}  // namespace qd::analysis
