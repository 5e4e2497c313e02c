// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/baseline.h"

#include <cmath>

#include "core/base/percentile.h"

namespace qd::analysis {

Baseline baselineOf(std::vector<double> values) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  Baseline out;
  out.n = values.size();
  if (values.empty()) return out;
  out.median = percentile(values, 0.5);
  for (double& value : values) value = std::abs(value - out.median);
  out.sigma = 1.4826 * percentile(values, 0.5);
  return out;
}

}  // namespace qd::analysis
