// SPDX-License-Identifier: Apache-2.0
#include "app/cli/files.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "core/serve/glob.h"

namespace qd::cli {

Result<std::vector<PickedSeries>> pick(const recording::Recording& file, const std::vector<std::string>& globs) {
  const Result<serve::GlobSet> set = serve::GlobSet::make(globs, "series");
  if (!set) return std::unexpected(set.error());
  Result<std::vector<recording::RecordedSeries>> all = file.series();
  if (!all) return std::unexpected(all.error());
  std::map<std::pair<ProcessId, std::string>, std::size_t> known;
  std::vector<PickedSeries> out;
  for (recording::RecordedSeries& series : *all) {
    const std::string label = series.label();
    if (!set->matches(series.info.name) && !set->matches(label)) continue;
    const auto [at, fresh] = known.try_emplace({series.process, label}, out.size());
    if (fresh) out.push_back({series.process, label, series.info.unit, {}});
    out[at->second].starts.push_back(std::move(series));
  }
  if (!out.empty() || globs.empty()) return out;
  return fail(ErrorCode::NotFound, fmt::format("No series in {} is called {}; qdctl stats {} lists them all.",
                                               file.path(), fmt::join(globs, " or "), file.path()));
}

std::string decimal(std::int64_t raw, std::int32_t scale) {
  const bool negative = raw < 0;
  std::string digits = std::to_string(negative ? 0 - static_cast<std::uint64_t>(raw) : static_cast<std::uint64_t>(raw));
  if (scale < 0 && raw != 0) digits.append(static_cast<std::size_t>(std::min(-scale, 400)), '0');
  if (scale > 0) {
    const auto places = static_cast<std::size_t>(std::min(scale, 400));
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, ".");
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return (negative ? "-" : "") + digits;
}

double displayed(std::int64_t raw, std::int32_t scale) {
  // Powers of ten up to 10^22 are exact, so that this is the double nearest to the decimal.
  const double value = static_cast<double>(raw);
  return scale >= 0 ? value / std::pow(10.0, scale) : value * std::pow(10.0, -scale);
}

std::string shortest(double value) {
  if (!std::isnan(value)) return fmt::format("{}", value);
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::string sign = std::signbit(value) ? "-" : "";
  constexpr std::uint64_t kMantissa = 0xfffffffffffff;
  if ((bits & kMantissa) == 0x8000000000000) return sign + "nan";
  return fmt::format("{}nan(0x{:x})", sign, bits & kMantissa);
}

void complainOfDamage(const std::string& path, std::size_t rows) {
  if (rows == 0) return;
  complain(fmt::format("{} damaged {} left out of {}; qdctl verify {} lists them.", rows,
                       rows == 1 ? "row was" : "rows were", path, path));
}

}  // namespace qd::cli
