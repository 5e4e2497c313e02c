// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/state_names.h"

#include <charconv>
#include <string_view>

namespace qd::analysis {

bool isState(const ingest::SeriesInfo& info) {
  return info.unit == "state" && info.integer && info.scale == 0;
}

std::map<std::int64_t, std::string> stateNames(const ingest::SeriesInfo& info) {
  std::map<std::int64_t, std::string> names;
  if (!isState(info)) return names;
  std::string_view rest = info.description;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    std::string_view part = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end == part.data() + part.size() || *end != ' ') continue;
    part.remove_prefix(static_cast<std::size_t>(end - part.data()) + 1);
    part = part.substr(0, part.find(':'));
    if (!part.empty()) names.emplace(value, part);
  }
  return names;
}

}  // namespace qd::analysis
