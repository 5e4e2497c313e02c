// SPDX-License-Identifier: Apache-2.0
// What a Prometheus page becomes: gauges as they are; counters as they are and as a rate per second (a fall is a
// restart: counted from zero, as Prometheus does); histograms as rate, mean and p50, p90, p99 of the time since the
// page before (linear inside a bucket, as histogram_quantile). Series that are gone from the page end. Bounded in
// series. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/daemon/prometheus_text.h"

namespace qd::daemon {

struct ScrapedSeries {
  std::string name, unit, description;
  std::vector<std::pair<std::string, std::string>> dimensions;  // at most 8
};

class SeriesSink {
 public:
  virtual ~SeriesSink() = default;
  virtual std::int32_t declare(const ScrapedSeries& series) = 0;  // negative: refused
  virtual void sample(std::int32_t handle, double value) = 0;
  virtual void end(std::int32_t handle) = 0;
};

class ScrapeSeries {
 public:
  ScrapeSeries(SeriesSink& sink, std::size_t most) : sink_(sink), most_(most) {}

  void take(const MetricsText& page, std::int64_t nowNs);
  std::size_t series() const { return known_.size(); }
  std::uint64_t refused() const { return refused_; }  // samples of series beyond the bound

 private:
  struct Known {
    std::int32_t handle = -1;
    std::uint64_t seen = 0;
  };
  struct Before {
    double value = 0;
    std::uint64_t seen = 0;
  };
  struct Histogram {
    std::map<double, double> buckets;  // increase by upper bound
    double count = 0, sum = 0;
    bool complete = false;  // every part of it was in the page before, too
    std::vector<std::pair<std::string, std::string>> labels;
  };
  void put(const std::string& name, const std::string& unit, const std::string& help,
           const std::vector<std::pair<std::string, std::string>>& labels, double value);
  // How much it rose since the page before; NaN for the first time.
  double rise(const PageSample& sample);
  void histogramPart(const std::string& family, const PageSample& sample, double rise);
  void putHistograms(const MetricsText& page);

  SeriesSink& sink_;
  const std::size_t most_;
  std::map<std::string, Known> known_;
  std::map<std::string, Before> before_;
  std::map<std::string, Histogram> histograms_;  // of this page, by family and labels
  std::uint64_t page_ = 0, refused_ = 0;
  std::int64_t lastNs_ = 0;
  double seconds_ = 0;  // since the page before
};

}  // namespace qd::daemon
