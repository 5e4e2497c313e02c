// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/telemetry.h"

namespace qd::bench {
namespace {

const ProcessId kProcess("server-1");
const InstanceId kInstance(1);

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
  std::uint64_t bits(int count) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return count == 0 ? 0 : state_ >> (64 - count);
  }

 private:
  std::uint64_t state_;
};

ingest::EnvelopePtr envelope(ingest::Event event, std::uint64_t sequence) {
  auto made = std::make_shared<ingest::Envelope>();
  made->agent = AgentId("bench");
  made->sequence = sequence;
  made->previous = sequence == 0 ? 0 : sequence - 1;
  made->event = std::move(event);
  return made;
}

ingest::Column column(const Shape& shape, int series, Random& random) {
  ingest::Column out{SeriesIndex(static_cast<std::uint32_t>(series)), {}, {}};
  const int noise = series % 4 == 0 ? 0 : 2 + series * 5 % 13;  // every fourth stands still
  const auto rows = static_cast<std::size_t>(shape.rows);
  if (shape.doubles) {
    std::vector<double> values(rows);
    for (double& v : values) v = 20.0 + series + static_cast<double>(random.bits(noise)) / 1024.0;
    out.values = std::move(values);
  } else {
    std::vector<std::int64_t> values(rows);
    for (std::int64_t& v : values) v = 1000 * (series + 1) + static_cast<std::int64_t>(random.bits(noise));
    out.values = std::move(values);
  }
  return out;
}

}  // namespace

ingest::ProcessInfo serverInfo(const Shape& shape) {
  ingest::ProcessInfo info;
  info.id = kProcess;
  info.instance = kInstance;
  info.kind = ingest::ProcessKind::Server;
  info.domain = kProcess.value;
  info.tickHz = 60;
  for (int i = 0; i < shape.series; ++i) {
    ingest::SeriesInfo series;
    series.index = SeriesIndex(static_cast<std::uint32_t>(i));
    series.name = "series." + std::to_string(i);
    series.integer = !shape.doubles;
    series.scale = shape.doubles ? 0 : 3;
    info.series.push_back(std::move(series));
  }
  return info;
}

ingest::EnvelopePtr declaration(const Shape& shape) {
  return envelope(ingest::ProcessChange{serverInfo(shape), ""}, 0);
}

ingest::EnvelopePtr block(const Shape& shape, std::uint64_t n) {
  ingest::SampleBlock out;
  out.process = {kProcess, kInstance};
  out.firstSequence = n * shape.points();
  out.count = shape.points();
  for (int i = 0; i < shape.rows; ++i) {
    const auto tick = static_cast<Tick>(n) * shape.rows + i;
    out.ticks.push_back(tick);
    out.times.push_back(kFirstTime + tick * kTickNs);
  }
  Random random(n);
  for (int s = 0; s < shape.series; ++s) out.columns.push_back(column(shape, s, random));
  return envelope(std::move(out), n + 1);
}

std::vector<ingest::EnvelopePtr> blocks(const Shape& shape, std::uint64_t points) {
  std::vector<ingest::EnvelopePtr> out;
  for (std::uint64_t n = 0; n * shape.points() < points; ++n) out.push_back(block(shape, n));
  return out;
}

}  // namespace qd::bench
