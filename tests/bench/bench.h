// SPDX-License-Identifier: Apache-2.0
// The frame of ./dev bench: each figure stands beside its raw limit, measured in the same run, and beside its target.
// A bench registers itself with QD_BENCH, measures, and reports figures. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace qd::bench {

enum class Better { Less, More };

struct Figure {
  std::string name, unit;
  double value = 0;
  std::optional<double> limit;   // the raw limit in the same unit, measured beside it
  std::optional<double> target;  // in the same unit; absent: reported only
  Better better = Better::Less;

  double ratio() const { return limit && *limit != 0 ? value / *limit : 0; }
  bool ok() const { return !target || (better == Better::Less ? value <= *target : value >= *target); }
};

using Report = std::function<void(Figure)>;

struct Bench {
  std::string name;
  std::function<void(const Report&)> run;
};
std::vector<Bench>& benches();

struct Registration {
  Registration(std::string name, std::function<void(const Report&)> run) {
    benches().push_back({std::move(name), std::move(run)});
  }
};
#define QD_BENCH(id)                                                 \
  static void id(const ::qd::bench::Report& report);                 \
  static const ::qd::bench::Registration registration_##id(#id, id); \
  static void id(const ::qd::bench::Report& report)

// Seconds that `work` takes: the least of `rounds`, because noise only ever adds.
template <class Work>
double best(int rounds, Work work) {
  double least = 1e300;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return least;
}

// The value below which `q` (0 to 1) of `values` lie; sorts a copy.
double quantile(std::vector<double> values, double q);

}  // namespace qd::bench
