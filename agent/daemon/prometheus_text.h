// SPDX-License-Identifier: Apache-2.0
// A Prometheus page (text exposition format 0.0.4, and what of OpenMetrics looks like it) into samples. What cannot be
// read is counted and the first such line kept, the rest goes on. Pure; any thread.
// Source: prometheus.io/docs/instrumenting/exposition_formats.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qd::daemon {

struct PageSample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;  // in the page's order
  double value = 0;                                         // NaN and the infinities too
};

struct PageFamily {
  std::string type;  // "counter", "gauge", "histogram", "summary", "untyped" or what the page says
  std::string help;
};

struct MetricsText {
  std::vector<PageSample> samples;
  std::map<std::string, PageFamily, std::less<>> families;  // by name
  std::uint64_t malformed = 0;                              // lines
  std::uint64_t beyond = 0;                                 // samples beyond `mostSamples`
  std::string firstMalformed;                               // "line 7: …", at most 120 bytes of it
};

MetricsText parseMetrics(std::string_view page, std::size_t mostSamples);

}  // namespace qd::daemon
