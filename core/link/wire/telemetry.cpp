// SPDX-License-Identifier: Apache-2.0
#include "core/link/wire/detail.h"
#include "core/link/wire/limits.h"

namespace qd::link {
namespace {

using detail::copyColumn;
using detail::corrupt;
using detail::fillColumn;
using link::fromProto;
using link::toProto;

constexpr std::size_t kMaxSketchBytes = std::size_t{64} << 10;
constexpr int kMaxEntities = 1 << 16;

using Deltas = google::protobuf::RepeatedField<std::int64_t>;

// Wrapping arithmetic: a hostile delta gives a wrong number, never undefined behaviour.
std::vector<std::int64_t> undelta(const Deltas& deltas) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(deltas.size()));
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    sum += static_cast<std::uint64_t>(deltas.data()[i]);
    out[i] = static_cast<std::int64_t>(sum);
  }
  return out;
}

void delta(const std::vector<std::int64_t>& values, Deltas* out) {
  out->Reserve(static_cast<int>(values.size()));
  std::uint64_t before = 0;
  for (const std::int64_t value : values) {
    out->AddAlreadyReserved(static_cast<std::int64_t>(static_cast<std::uint64_t>(value) - before));
    before = static_cast<std::uint64_t>(value);
  }
}

Result<ingest::Column> readColumn(const pb::Column& from, std::size_t rows) {
  ingest::Column out;
  out.series = SeriesIndex(from.series());
  if (from.integers_size() > 0 && from.doubles_size() > 0) return corrupt("A column has integers and doubles at once.");
  if (from.doubles_size() > 0) {
    out.values = copyColumn(from.doubles());
  } else {
    out.values = std::vector<std::int64_t>(from.integers().data(), from.integers().data() + from.integers_size());
  }
  out.rows = copyColumn(from.rows());
  const auto values = static_cast<std::size_t>(std::max(from.integers_size(), from.doubles_size()));
  if (out.rows.empty() ? values > rows : values != out.rows.size()) {
    return corrupt(
        fmt::format("A column has {} values for {} rows.", values, out.rows.empty() ? rows : out.rows.size()));
  }
  if (!std::is_sorted(out.rows.begin(), out.rows.end())) return corrupt("A column's rows do not ascend.");
  if (!out.rows.empty() && out.rows.back() >= rows) {
    return corrupt(fmt::format("A column names row {} of {}.", out.rows.back(), rows));
  }
  return out;
}

Result<std::vector<ingest::Column>> readColumns(const pb::SampleBlock& from, std::size_t rows) {
  if (from.columns_size() > kMaxColumns) return corrupt(fmt::format("A block has {} columns.", from.columns_size()));
  std::vector<ingest::Column> out;
  out.reserve(static_cast<std::size_t>(from.columns_size()));
  for (const pb::Column& column : from.columns()) {
    if (!detail::isSeriesIndex(column.series()))
      return corrupt(fmt::format("A column names series {}.", column.series()));
    auto read = readColumn(column, rows);
    if (!read) return std::unexpected(read.error());
    out.push_back(std::move(*read));
  }
  return out;
}

// Columns that may be left out stand for zeros; any other length than the ids' is refused.
template <class T, class From>
bool entityColumn(const google::protobuf::RepeatedField<From>& from, std::size_t length, std::vector<T>& out) {
  if (!from.empty() && static_cast<std::size_t>(from.size()) != length) return false;
  if (from.size() == 0) {
    out.assign(length, T{});
  } else {
    out.assign(from.data(), from.data() + from.size());
  }
  return true;
}

bool rotations(const google::protobuf::RepeatedField<std::int32_t>& from, std::size_t count,
               std::vector<std::int16_t>& out) {
  if (!from.empty() && static_cast<std::size_t>(from.size()) != count * 4) return false;
  out.assign(count * 4, 0);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int32_t identity = i % 4 == 3 ? 32767 : 0;
    const std::int32_t raw = from.empty() ? identity : from.data()[i];
    out[i] = static_cast<std::int16_t>(std::clamp(raw, -32767, 32767));
  }
  return true;
}

std::string domainOr(std::string_view raw) {
  return isProcessId(raw) ? std::string(raw) : std::string();
}

}  // namespace

void toProto(const ingest::SampleBlock& from, pb::SampleBlock& to) {
  toProto(from.process, *to.mutable_process());
  to.set_ring(from.ring);
  to.set_first_sequence(from.firstSequence);
  to.set_count(from.count);
  to.set_dropped(from.dropped);
  to.set_late(from.late);
  delta(from.ticks, to.mutable_tick_deltas());
  delta(from.times, to.mutable_time_deltas());
  to.mutable_columns()->Reserve(static_cast<int>(from.columns.size()));
  for (const ingest::Column& column : from.columns) {
    pb::Column* out = to.add_columns();
    out->set_series(column.series.value);
    fillColumn(column.rows, out->mutable_rows());
    if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&column.values)) {
      fillColumn(*integers, out->mutable_integers());
    } else {
      fillColumn(std::get<std::vector<double>>(column.values), out->mutable_doubles());
    }
  }
}

Result<ingest::SampleBlock> fromProto(const pb::SampleBlock& from) {
  ingest::SampleBlock out;
  auto process = fromProto(from.process());
  if (!process) return std::unexpected(process.error());
  if (from.tick_deltas_size() != from.time_deltas_size() || from.tick_deltas_size() > kMaxRows) {
    return corrupt(fmt::format("A block of {} has {} ticks and {} times.", process->id.value, from.tick_deltas_size(),
                               from.time_deltas_size()));
  }
  out.process = std::move(*process);
  out.ring = from.ring();
  out.firstSequence = from.first_sequence();
  out.count = from.count();
  out.dropped = from.dropped();
  out.late = from.late();
  out.ticks = undelta(from.tick_deltas());
  out.times = undelta(from.time_deltas());
  if (!std::is_sorted(out.times.begin(), out.times.end())) {
    return corrupt(fmt::format("A block of {} has times that run backwards.", out.process.id.value));
  }
  auto columns = readColumns(from, out.ticks.size());
  if (!columns) return std::unexpected(columns.error());
  out.columns = std::move(*columns);
  return out;
}

void toProto(const ingest::Rollup& from, pb::Rollup& to) {
  toProto(from.process, *to.mutable_process());
  to.set_from_ns(from.from);
  to.set_tick(from.tick);
  for (const ingest::RollupRow& row : from.rows) {
    to.add_series(row.series.value);
    to.add_counts(row.count);
    to.add_minima(row.min);
    to.add_maxima(row.max);
    to.add_means(row.mean);
    to.add_lasts(row.last);
    to.add_p99s(row.p99);
  }
  const bool sketched = std::ranges::any_of(from.rows, [](const auto& row) { return !row.sketch.empty(); });
  for (std::size_t i = 0; sketched && i < from.rows.size(); ++i) to.add_sketches(from.rows[i].sketch);
}

Result<ingest::Rollup> fromProto(const pb::Rollup& from) {
  ingest::Rollup out;
  auto process = fromProto(from.process());
  if (!process) return std::unexpected(process.error());
  const int rows = from.series_size();
  if (from.counts_size() != rows || from.minima_size() != rows || from.maxima_size() != rows ||
      from.means_size() != rows || from.lasts_size() != rows || (from.p99s_size() != rows && from.p99s_size() != 0) ||
      (from.sketches_size() != rows && from.sketches_size() != 0) || rows > kMaxColumns) {
    return corrupt(fmt::format("A roll-up of {} has columns of different lengths.", process->id.value));
  }
  out.process = std::move(*process);
  out.from = from.from_ns();
  out.tick = from.tick();
  out.rows.reserve(static_cast<std::size_t>(rows));
  for (int i = 0; i < rows; ++i) {
    const double p99 = from.p99s_size() == 0 ? from.maxima(i) : from.p99s(i);
    out.rows.push_back({SeriesIndex(from.series(i)),
                        from.counts(i),
                        from.minima(i),
                        from.maxima(i),
                        from.means(i),
                        from.lasts(i),
                        p99,
                        {}});
    if (from.sketches_size() != 0 && from.sketches(i).size() <= kMaxSketchBytes) {
      out.rows.back().sketch = from.sketches(i);
    }
  }
  return out;
}

void toProto(const ingest::EntityFrame& from, pb::EntityFrame& to) {
  toProto(from.process, *to.mutable_process());
  to.set_rendered(from.rendered);
  to.set_tick(from.tick);
  to.set_time_ns(from.time);
  to.set_domain(from.domain);
  to.set_render_tick_48_16(from.renderTick48_16);
  fillColumn(from.ids, to.mutable_ids());
  fillColumn(from.x, to.mutable_x_um());
  fillColumn(from.y, to.mutable_y_um());
  fillColumn(from.z, to.mutable_z_um());
  fillColumn(from.vx, to.mutable_vx_um_s());
  fillColumn(from.vy, to.mutable_vy_um_s());
  fillColumn(from.vz, to.mutable_vz_um_s());
  to.mutable_rotations()->Add(from.rotation.begin(), from.rotation.end());
  fillColumn(from.flags, to.mutable_flags());
}

Result<ingest::EntityFrame> fromProto(const pb::EntityFrame& from) {
  ingest::EntityFrame out;
  auto process = fromProto(from.process());
  if (!process) return std::unexpected(process.error());
  if (from.ids_size() > kMaxEntities) return corrupt(fmt::format("A frame has {} entities.", from.ids_size()));
  const auto n = static_cast<std::size_t>(from.ids_size());
  const bool fits = entityColumn(from.x_um(), n, out.x) && entityColumn(from.y_um(), n, out.y) &&
                    entityColumn(from.z_um(), n, out.z) && entityColumn(from.vx_um_s(), n, out.vx) &&
                    entityColumn(from.vy_um_s(), n, out.vy) && entityColumn(from.vz_um_s(), n, out.vz) &&
                    entityColumn(from.flags(), n, out.flags) && rotations(from.rotations(), n, out.rotation);
  if (!fits) return corrupt(fmt::format("A frame of {} has columns of different lengths.", process->id.value));
  out.process = std::move(*process);
  out.rendered = from.rendered();
  out.tick = from.tick();
  out.time = from.time_ns();
  out.domain = domainOr(from.domain());
  out.renderTick48_16 = from.render_tick_48_16();
  out.ids = copyColumn(from.ids());
  return out;
}

void toProto(const ingest::FrameBlock& from, pb::FrameBlock& to) {
  toProto(from.process, *to.mutable_process());
  to.set_domain(from.domain);
  fillColumn(from.frames, to.mutable_frames());
  fillColumn(from.times, to.mutable_times_ns());
  fillColumn(from.renderTicks48_16, to.mutable_render_ticks_48_16());
  fillColumn(from.predictedTicks, to.mutable_predicted_ticks());
}

Result<ingest::FrameBlock> fromProto(const pb::FrameBlock& from) {
  ingest::FrameBlock out;
  auto process = fromProto(from.process());
  if (!process) return std::unexpected(process.error());
  const auto n = static_cast<std::size_t>(from.frames_size());
  if (from.frames_size() > kMaxRows || !entityColumn(from.times_ns(), n, out.times) ||
      !entityColumn(from.render_ticks_48_16(), n, out.renderTicks48_16) ||
      !entityColumn(from.predicted_ticks(), n, out.predictedTicks) || from.times_ns_size() != from.frames_size()) {
    return corrupt(fmt::format("The frames of {} have columns of different lengths.", process->id.value));
  }
  out.process = std::move(*process);
  out.domain = domainOr(from.domain());
  out.frames = copyColumn(from.frames());
  return out;
}

void toProto(const ingest::LogLine& from, pb::LogLine& to) {
  toProto(from.process, *to.mutable_process());
  to.set_tick(from.tick);
  to.set_time_ns(from.time);
  to.set_level(detail::enumTo<pb::LogLine::Level>(from.level));
  to.set_category(from.category);
  to.set_text(from.text);
  to.set_suppressed(from.suppressed);
}

Result<ingest::LogLine> fromProto(const pb::LogLine& from) {
  auto process = fromProto(from.process());
  if (!process) return std::unexpected(process.error());
  ingest::LogLine out;
  out.process = std::move(*process);
  out.tick = from.tick();
  out.time = from.time_ns();
  out.level = detail::enumOr(from.level(), ingest::LogLevel::Fatal, ingest::LogLevel::Info);
  out.category = sanitise(from.category());
  out.text = sanitise(from.text(), kLogCap, TextKind::Prose);
  out.suppressed = from.suppressed();
  return out;
}

void toProto(const ingest::GameEvent& from, pb::GameEvent& to) {
  toProto(from.process, *to.mutable_process());
  to.set_tick(from.tick);
  to.set_time_ns(from.time);
  to.set_name(from.name);
  detail::fillAll(from.fields, to.mutable_fields());
}

Result<ingest::GameEvent> fromProto(const pb::GameEvent& from) {
  auto process = fromProto(from.process());
  if (!process) return std::unexpected(process.error());
  ingest::GameEvent out;
  out.process = std::move(*process);
  out.tick = from.tick();
  out.time = from.time_ns();
  out.name = sanitise(from.name());
  out.fields = detail::takeAll<Field>(from.fields(), 256);
  return out;
}

void toProto(const ingest::Gap& from, pb::Gap& to) {
  to.set_process_id(from.process.value);
  to.set_from_ns(from.from);
  to.set_to_ns(from.to);
  to.set_dropped(from.dropped);
  to.set_cause(sanitise(from.cause));
}

Result<ingest::Gap> fromProto(const pb::Gap& from) {
  auto process = detail::processIdOrNone(from.process_id());
  if (!process) return std::unexpected(process.error());
  return ingest::Gap{std::move(*process), from.from_ns(), from.to_ns(), from.dropped(), sanitise(from.cause())};
}

}  // namespace qd::link
