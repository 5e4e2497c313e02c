// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/metrics_page.h"

#include <fmt/format.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <chrono>
#include <exception>
#include <future>
#include <utility>

namespace qd::daemon {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily single(const char* name, const char* help, MetricType type, double value) {
  MetricFamily family{name, help, type, {}};
  ClientMetric metric;
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
  return family;
}

MetricFamily seriesFamily(const std::vector<ProbeSession*>& sessions) {
  MetricFamily family{"quarterdeck_series", "Last value of a series, in its displayed unit", MetricType::Gauge, {}};
  for (const ProbeSession* session : sessions) {
    for (const auto& series : session->info().series) {
      if (!series.dimensions.empty()) continue;
      const auto value = session->lastValue(series);
      if (!value) continue;
      ClientMetric metric;
      metric.label = {{"process", session->info().id.value}, {"series", series.name}};
      metric.gauge.value = *value;
      family.metric.push_back(std::move(metric));
    }
  }
  return family;
}

class Collector final : public prometheus::Collectable {
 public:
  Collector(EventLoop& loop, FlightLog& log, ProbeHub& hub, const serve::Server& server)
      : loop_(loop), log_(log), hub_(hub), server_(server) {}

  std::vector<MetricFamily> Collect() const override {
    auto promise = std::make_shared<std::promise<std::vector<MetricFamily>>>();
    auto future = promise->get_future();
    if (!loop_.post([this, promise] { promise->set_value(gather()); })) return {};
    if (future.wait_for(std::chrono::seconds(1)) != std::future_status::ready) return {};
    return future.get();
  }

 private:
  std::vector<MetricFamily> gather() const {
    const LogStats log = log_.stats();
    const HubStats hub = hub_.stats();
    const serve::ServerStats serve = server_.stats();
    const auto counter = [](const char* name, const char* help, std::uint64_t value) {
      return single(name, help, MetricType::Counter, static_cast<double>(value));
    };
    const auto gauge = [](const char* name, const char* help, std::uint64_t value) {
      return single(name, help, MetricType::Gauge, static_cast<double>(value));
    };
    return {
        gauge("quarterdeckd_processes", "Processes connected", hub.sessions),
        counter("quarterdeckd_samples_total", "Samples taken out of the lanes", hub.samples),
        counter("quarterdeckd_samples_dropped_total", "Samples that found their ring full", hub.dropped),
        counter("quarterdeckd_records_unreadable_total", "Lane records that made no sense", hub.unreadable),
        counter("quarterdeckd_probes_accepted_total", "Connections on the probe socket", hub.accepted),
        counter("quarterdeckd_probes_refused_total", "Of these, refused", hub.refused),
        counter("quarterdeckd_log_entries_total", "Entries of the log since its beginning", log.last),
        counter("quarterdeckd_log_lost_total", "Entries that could not be kept on disk", log.lostEntries),
        counter("quarterdeckd_log_write_errors_total", "Failed writes of the flight recorder", log.writeErrors),
        gauge("quarterdeckd_log_ram_bytes", "The log's part in memory", log.ramBytes),
        gauge("quarterdeckd_log_disk_bytes", "The log's part on disk", log.diskBytes),
        gauge("quarterdeckd_cursors", "Readers of the log", log.cursors),
        gauge("quarterdeckd_cursor_lag_entries", "How far the slowest reader is behind", log.largestLag),
        gauge("quarterdeckd_subscriptions", "Open Subscribe streams", serve.streams),
        counter("quarterdeckd_batches_total", "Batches sent to subscribers", serve.messages),
        counter("quarterdeckd_batch_bytes_total", "Their encoded size", serve.bytes),
        seriesFamily(hub_.live()),
    };
  }

  EventLoop& loop_;
  FlightLog& log_;
  ProbeHub& hub_;
  const serve::Server& server_;
};

class Page final : public MetricsPage {
 public:
  Page(const std::string& listen, std::shared_ptr<Collector> collector)
      : collector_(std::move(collector)), exposer_(listen, 1) {
    exposer_.RegisterCollectable(collector_);
  }

 private:
  std::shared_ptr<Collector> collector_;
  prometheus::Exposer exposer_;
};

}  // namespace

Result<std::unique_ptr<MetricsPage>> MetricsPage::start(const std::string& listen, EventLoop& loop, FlightLog& log,
                                                        ProbeHub& hub, const serve::Server& server) {
  try {
    return std::make_unique<Page>(listen, std::make_shared<Collector>(loop, log, hub, server));
  } catch (const std::exception& error) {
    return fail(ErrorCode::Unavailable,
                fmt::format("The metrics page cannot be served on {}: {}.", listen, error.what()));
  }
}

}  // namespace qd::daemon
