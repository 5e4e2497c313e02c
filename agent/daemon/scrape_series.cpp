// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/scrape_series.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace qd::daemon {
namespace {

constexpr std::size_t kMostDimensions = 8;
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

bool endsWith(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

std::string unitOf(std::string_view name) {
  if (endsWith(name, "_total")) name.remove_suffix(6);
  if (endsWith(name, "_seconds")) return "s";
  if (endsWith(name, "_milliseconds") || endsWith(name, "_ms")) return "ms";
  if (endsWith(name, "_bytes")) return "B";
  if (endsWith(name, "_ratio")) return "ratio";
  if (endsWith(name, "_celsius")) return "°C";
  return "";
}

std::string perSecond(const std::string& unit) {
  return (unit.empty() ? "1" : unit) + "/s";
}

std::string keyOf(const std::string& name, const std::vector<std::pair<std::string, std::string>>& labels) {
  std::string key = name;
  for (const auto& [label, value] : labels) key.append(1, '\x1f').append(label).append(1, '\x1e').append(value);
  return key;
}

// The page's name of what a sample is part of, and whether that is a histogram.
std::string familyOf(const MetricsText& page, const std::string& name, bool& histogram) {
  for (const char* end : {"_bucket", "_sum", "_count"}) {
    if (!endsWith(name, end)) continue;
    const std::string family = name.substr(0, name.size() - std::string_view(end).size());
    const auto found = page.families.find(family);
    if (found == page.families.end() || (found->second.type != "histogram" && found->second.type != "summary"))
      continue;
    histogram = found->second.type == "histogram";
    return family;
  }
  histogram = false;
  return name;
}

// Of increases by upper bound; the last is +Inf. NaN when nothing came.
double quantileOf(const std::map<double, double>& buckets, double share) {
  if (buckets.empty() || !std::isinf(buckets.rbegin()->first)) return kNothing;
  const double total = buckets.rbegin()->second;
  if (!(total > 0)) return kNothing;
  const double wanted = share * total;
  double low = 0, below = 0;
  for (const auto& [bound, upTo] : buckets) {
    if (upTo >= wanted) {
      if (std::isinf(bound) || upTo <= below) return low;
      if (bound <= 0) return bound;
      return low + (bound - low) * (wanted - below) / (upTo - below);
    }
    low = bound;
    below = upTo;
  }
  return low;
}

}  // namespace

void ScrapeSeries::take(const MetricsText& page, std::int64_t nowNs) {
  seconds_ = lastNs_ == 0 ? 0 : static_cast<double>(nowNs - lastNs_) / 1e9;
  lastNs_ = nowNs;
  ++page_;
  histograms_.clear();
  for (const PageSample& sample : page.samples) {
    bool histogram = false;
    const std::string family = familyOf(page, sample.name, histogram);
    const auto known = page.families.find(family);
    const std::string type = known == page.families.end() ? "" : known->second.type;
    const std::string help = known == page.families.end() ? "" : known->second.help;
    if (histogram) {
      histogramPart(family, sample, rise(sample));
      continue;
    }
    const std::string unit = unitOf(sample.name);
    put(sample.name, unit, help, sample.labels, sample.value);
    const bool counts =
        type == "counter" || (type == "summary" && sample.name != family) || endsWith(sample.name, "_total");
    if (!counts) continue;
    const double rose = rise(sample);
    if (!std::isnan(rose) && seconds_ > 0) {
      put(sample.name + ".rate", perSecond(unit), help, sample.labels, rose / seconds_);
    }
  }
  putHistograms(page);
  for (auto it = known_.begin(); it != known_.end();) {
    if (it->second.seen == page_) {
      ++it;
      continue;
    }
    sink_.end(it->second.handle);
    it = known_.erase(it);
  }
  std::erase_if(before_, [this](const auto& one) { return one.second.seen != page_; });
}

double ScrapeSeries::rise(const PageSample& sample) {
  const auto [it, fresh] = before_.try_emplace(keyOf(sample.name, sample.labels));
  const double last = it->second.value;
  it->second = {sample.value, page_};
  if (fresh || !std::isfinite(sample.value) || !std::isfinite(last)) return kNothing;
  return sample.value >= last ? sample.value - last : sample.value;
}

void ScrapeSeries::histogramPart(const std::string& family, const PageSample& sample, double rise) {
  auto labels = sample.labels;
  double bound = kNothing;
  std::erase_if(labels, [&](const auto& label) {
    if (label.first != "le" || !endsWith(sample.name, "_bucket")) return false;
    bound = std::strtod(label.second.c_str(), nullptr);  // "+Inf" too
    return true;
  });
  auto [it, fresh] = histograms_.try_emplace(keyOf(family, labels));
  Histogram& into = it->second;
  if (fresh) {
    into.labels = std::move(labels);
    into.complete = true;
  }
  if (std::isnan(rise)) {
    into.complete = false;
  } else if (endsWith(sample.name, "_bucket")) {
    if (!std::isnan(bound)) into.buckets[bound] = rise;
  } else if (endsWith(sample.name, "_sum")) {
    into.sum = rise;
  } else {
    into.count = rise;
  }
}

void ScrapeSeries::putHistograms(const MetricsText& page) {
  for (const auto& [key, histogram] : histograms_) {
    const std::string family = key.substr(0, key.find('\x1f'));
    const auto known = page.families.find(family);
    const std::string help = known == page.families.end() ? "" : known->second.help;
    const std::string unit = unitOf(family);
    if (!histogram.complete || seconds_ <= 0) continue;
    put(family + ".rate", "1/s", help, histogram.labels, histogram.count / seconds_);
    const double mean = histogram.count > 0 ? histogram.sum / histogram.count : kNothing;
    put(family + ".mean", unit, help, histogram.labels, mean);
    for (const auto& [name, share] : {std::pair{".p50", 0.5}, {".p90", 0.9}, {".p99", 0.99}}) {
      put(family + name, unit, help, histogram.labels, quantileOf(histogram.buckets, share));
    }
  }
}

void ScrapeSeries::put(const std::string& name, const std::string& unit, const std::string& help,
                       const std::vector<std::pair<std::string, std::string>>& labels, double value) {
  const auto [it, fresh] = known_.try_emplace(keyOf(name, labels));
  Known& known = it->second;
  if (fresh && known_.size() <= most_) {
    ScrapedSeries made{name, unit, help, labels};
    if (made.dimensions.size() > kMostDimensions) made.dimensions.resize(kMostDimensions);
    known.handle = sink_.declare(made);
  }
  known.seen = page_;
  if (known.handle < 0) {
    ++refused_;
    known_.erase(it);
    return;
  }
  sink_.sample(known.handle, value);
}

}  // namespace qd::daemon
