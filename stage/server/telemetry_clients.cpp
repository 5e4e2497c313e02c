// SPDX-License-Identifier: Apache-2.0
// The table of the players, twice a second: for each client its own series (dimension client), and over all of them the
// mean, the 95th percentile and the maximum, because a mean alone hides the one who suffers.
#include <algorithm>
#include <array>
#include <cmath>

#include "stage/runtime/probe_kit.h"
#include "stage/server/telemetry.h"

namespace qd::stage {
namespace {

constexpr std::size_t kMaxClientSeries = 250;  // × 14 series stays below the 4,096 of a process
constexpr int kConnected = 2, kStalled = 3;    // as net.state of an editor

constexpr std::array<SeriesSpec, Telemetry::kClientFigures> kPerClient{{
    {"net.rtt", "ms", 6, false, "Smoothed round trip"},
    {"net.rtt_dev", "ms", 6, false, "Deviation of the round trip"},
    {"net.jitter", "ms", 6, false, "RFC 3550 jitter of what the client sends"},
    {"net.loss", "ratio", 0, true, "Gaps / (received + gaps) of what the client sends"},
    {"net.bandwidth", "B/s", 0, false, "To this client, headers included"},
    {"net.state", "state", 0, false, "2 connected, 3 stalled: nothing heard for half a second"},
    {"interp.view_age", "ms", 6, false, "Server now minus the time drawn"},
    {"interp.starved", "count", 0, false, "Frames without a snapshot ahead since the last report, as the client says"},
    {"input.queue_depth", "ticks", 0, false, "Inputs waiting for their tick; -1: the last one was missing"},
    {"input.late", "count", 0, false, "Inputs that missed their tick since the last report"},
    {"input.missing", "count", 0, false, "Ticks bridged by repeating an input since the last report"},
    {"input.rejected", "count", 0, false, "Datagrams refused since the last report, all reasons"},
    {"predict.lead", "ticks", 0, false, "Frames ahead: newest input received minus the server's tick"},
    {"predict.corrections", "count", 0, false, "Corrections of its prediction since the last report, as it says"},
}};

}  // namespace

// Series of those who left end, so that their handles can serve the next.
void Telemetry::endClientSeries() {
  for (auto it = clientSeries_.begin(); it != clientSeries_.end();) {
    if (world_.player(it->first) != nullptr) {
      ++it;
      continue;
    }
    for (const auto series : it->second.series) qd_series_end(probe_, series);
    it = clientSeries_.erase(it);
  }
}

void Telemetry::client(const ClientReport& c, const World::Player& player, Tick tick) {
  auto known = clientSeries_.find(c.player);
  if (known == clientSeries_.end()) {
    if (clientSeries_.size() >= kMaxClientSeries) return;
    ClientSeries made;
    for (std::size_t i = 0; i < kClientFigures; ++i) {
      made.series[i] = declareForClient(probe_, kPerClient[i], c.player);
    }
    known = clientSeries_.emplace(c.player, made).first;
  }
  auto& s = known->second;
  const auto since = [](std::uint64_t now, std::uint64_t& before) {
    const auto rise = now - std::min(now, before);
    before = now;
    return static_cast<std::int64_t>(rise);
  };
  std::size_t next = 0;
  const auto whole = [&](std::int64_t value) { qd_sample_i64(probe_, s.series[next++], value); };
  whole(c.rttNs);
  whole(c.rttDeviationNs);
  whole(c.jitterNs);
  qd_sample_f64(probe_, s.series[next++], c.loss);
  whole(c.bytesPerSecond);
  whole(c.stalled ? kStalled : kConnected);
  whole(c.viewAgeNs);
  whole(since(c.self.starved, s.starved));
  whole(player.inputDepth);
  whole(since(player.queue.counts().late, s.late));
  whole(since(player.queue.counts().missing, s.missing));
  whole(since(c.rejected, s.rejected));
  whole(c.newestInput == 0 ? 0 : c.newestInput - tick);
  whole(since(c.self.corrections, s.corrections));
}

std::map<std::string, std::uint64_t> Telemetry::rejectedByReason() const {
  std::map<std::string, std::uint64_t> counts;
  for (std::size_t kind = 1; kind < kRejectKinds; ++kind) {
    counts[name(static_cast<Reject>(kind))] = lastNet_.rejectedBy[kind];
  }
  counts["render_time"] = world_.events().viewsForged;
  return counts;
}

void Telemetry::spread(const Spread& series, std::vector<double>& values) {
  if (values.empty()) return;
  double sum = 0;
  for (const double value : values) sum += value;
  const auto rank = static_cast<std::size_t>(std::ceil(0.95 * static_cast<double>(values.size()))) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank), values.end());
  const double p95 = values[rank],
               most = *std::max_element(values.begin() + static_cast<std::ptrdiff_t>(rank), values.end());
  const auto sample = [&](qd_series handle, double value) {
    if (series.real) {
      qd_sample_f64(probe_, handle, value);
    } else {
      qd_sample_i64(probe_, handle, std::llround(value));
    }
  };
  sample(series.mean, sum / static_cast<double>(values.size()));
  sample(series.p95, p95);
  sample(series.max, most);
}

void Telemetry::clients(Tick tick) {
  NetReport report;
  if (!exchange_.netReport.take(report)) return;
  endClientSeries();
  std::vector<double> rtt, deviation, jitter, loss, bandwidth, age, depth;
  for (const auto& c : report.clients) {
    const auto* player = world_.player(c.player);
    if (c.rttNs == 0 || player == nullptr) continue;  // just joined: nothing is measured yet, and zero would be a lie
    rtt.push_back(static_cast<double>(c.rttNs));
    deviation.push_back(static_cast<double>(c.rttDeviationNs));
    jitter.push_back(static_cast<double>(c.jitterNs));
    loss.push_back(c.loss);
    bandwidth.push_back(static_cast<double>(c.bytesPerSecond));
    age.push_back(static_cast<double>(c.viewAgeNs));
    depth.push_back(player->inputDepth);
    client(c, *player, tick);
  }
  spread(s_.rtt, rtt);
  spread(s_.rttDev, deviation);
  spread(s_.jitter, jitter);
  spread(s_.loss, loss);
  spread(s_.bandwidth, bandwidth);
  spread(s_.viewAge, age);
  spread(s_.inputDepth, depth);
  qd_sample_i64(probe_, s_.burst, static_cast<std::int64_t>(report.burst));
  const auto before = std::min(lastNet_.reordered, report.reordered);  // a client who left takes its count along
  qd_sample_i64(probe_, s_.reorder, static_cast<std::int64_t>(report.reordered - before));
  qd_sample_i64(probe_, s_.inputRejected, static_cast<std::int64_t>(report.rejected));
  qd_sample_i64(probe_, s_.netDropped, static_cast<std::int64_t>(report.queueDropped));
  for (std::size_t kind = 1; kind < kRejectKinds; ++kind) {
    qd_sample_i64(probe_, s_.rejectedBy[kind], static_cast<std::int64_t>(report.rejectedBy[kind]));
  }
  lastNet_ = std::move(report);
}

}  // namespace qd::stage
