// SPDX-License-Identifier: Apache-2.0
// What is usual for a figure: median and spread of what came before, unmoved by a few wild values. The spread is the
// median absolute deviation, scaled so that for Gaussian noise it is σ (Hampel's identifier; Leys et al. 2013). Pure.
#pragma once

#include <cstddef>
#include <vector>

namespace qd::analysis {

struct Baseline {
  std::size_t n = 0;
  double median = 0;
  double sigma = 0;  // 1.4826 · MAD
};

// NaN and infinities are left out.
Baseline baselineOf(std::vector<double> values);

}  // namespace qd::analysis
