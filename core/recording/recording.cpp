// SPDX-License-Identifier: Apache-2.0
#include "core/recording/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/recording/event_json.h"
#include "core/recording/recording_impl.h"
#include "core/recording/schema.h"

namespace qd::recording {
namespace {

namespace fs = std::filesystem;

std::uint64_t sizeOf(const std::string& path) {
  std::error_code ignored;
  const auto size = fs::file_size(path, ignored);
  return ignored ? 0 : size;
}

// A path as part of an SQLite URI.
std::string uri(const std::string& path, std::string_view options) {
  std::string out = "file:";
  for (const unsigned char c : path) {
    const bool plain = std::isalnum(c) || c == '/' || c == '.' || c == '-' || c == '_';
    out += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return fmt::format("{}?{}", out, options);
}

std::unexpected<Error> notARecording(const std::string& path, const std::string& why) {
  return fail(ErrorCode::Corrupt,
              fmt::format("{} is not a Quarterdeck recording ({}); give the name of a .qdrec file.", path, why));
}

// The number that SQLite keeps for the application stands in the file's header, whatever has become of the rest.
bool looksLikeOne(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  unsigned char header[72] = {};
  in.read(reinterpret_cast<char*>(header), sizeof header);
  const auto id = static_cast<std::uint32_t>(header[68]) << 24 | header[69] << 16 | header[70] << 8 | header[71];
  return in && id == kApplicationId;
}

Result<int> checkFormat(const std::string& path, const Database& db) {
  const Result<std::int64_t> application = db.integer("PRAGMA application_id");
  const Result<std::int64_t> format = db.integer("PRAGMA user_version");
  if (!application || !format) {
    const std::string& why = (application ? format : application).error().message;
    if (!looksLikeOne(path)) return notARecording(path, why);
    return fail(
        ErrorCode::Corrupt,
        fmt::format("The recording {0} is damaged or cut short ({1}); qdctl repair {0} --out NEW saves what is sound.",
                    path, why));
  }
  if (*application != kApplicationId) return notARecording(path, "its application id is another one");
  if (*format > kFormat) {
    return fail(ErrorCode::Unsupported,
                fmt::format("{} has format {}, written by a newer version; this one reads up to {}: update it.", path,
                            *format, kFormat));
  }
  if (*format < kOldestFormat) return notARecording(path, fmt::format("its format {} does not exist", *format));
  return static_cast<int>(*format);
}

constexpr std::uint64_t kFirstPages = 4096;  // all that a file has before its log is folded in

// From when to when there is something, piece by piece.
constexpr const char* kSpans1 =
    "SELECT time_min AS a, time_max AS b FROM chunks UNION ALL SELECT time_min, time_max FROM tails "
    "UNION ALL SELECT time_min, time_max FROM frames";
// The totals hold all that is folded; frames that came since are found through their index.
constexpr const char* kSpans2 =
    "SELECT time_min AS a, time_max AS b FROM totals UNION ALL SELECT time_min, time_max FROM tails UNION ALL "
    "SELECT (SELECT time_min FROM frames WHERE process = p.id AND kind = k.kind AND time_max > 0 "
    "ORDER BY time_max LIMIT 1), (SELECT max(time_max) FROM frames WHERE process = p.id AND kind = k.kind) "
    "FROM processes p, (SELECT 'entities' AS kind UNION ALL SELECT 'frames' UNION ALL SELECT 'rollups') k";

}  // namespace

// Three ways that never write: a closed file needs no lock at all; one with a write-ahead log is read together with it,
// through the shared index if there is one (somebody may be recording), else with an index in memory.
Result<Database> openReadOnly(const std::string& path) {
  std::error_code ignored;
  const bool hasLog = sizeOf(path + "-wal") > 0, hasIndex = fs::exists(path + "-shm", ignored);
  constexpr int kFlags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
  if (!hasLog) return Database::open(uri(path, "mode=ro&immutable=1"), kFlags);
  if (hasIndex) return Database::open(uri(path, "mode=ro&readonly_shm=1"), kFlags);
  Result<Database> db = Database::open(uri(path, "mode=ro"), kFlags, "unix-none");
  if (!db) return db;
  sqlite3_db_config(db->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (Result<> set = db->run("PRAGMA locking_mode=EXCLUSIVE"); !set) return std::unexpected(set.error());
  return db;
}

std::string RecordedSeries::label() const {
  if (info.dimensions.empty()) return info.name;
  std::string inner;
  for (const auto& [key, value] : info.dimensions) inner += (inner.empty() ? "" : ",") + key + "=" + value;
  return info.name + "{" + inner + "}";
}

bool hashMatches(const Statement& row) {
  const int columns = row.columns();
  std::vector<Cell> cells;
  cells.reserve(columns);
  for (int i = 0; i + 1 < columns; ++i) cells.push_back(row.cell(i));
  return columns > 0 && row.integer(columns - 1) == rowHash(cells);
}

Result<> Recording::Impl::load() {
  const Result<std::int64_t> closed = db.integer("SELECT value FROM meta WHERE key = 'complete'");
  if (!closed) return std::unexpected(closed.error());
  complete = *closed == 1;
  Result<Statement> agentRows = db.prepare("SELECT id, name FROM agents");
  if (!agentRows) return std::unexpected(agentRows.error());
  while (agentRows->step().value_or(false)) agents[agentRows->integer(0)] = AgentId(agentRows->text(1));
  Result<Statement> rows = db.prepare("SELECT id, agent, process, instance FROM processes");
  if (!rows) return std::unexpected(rows.error());
  while (rows->step().value_or(false)) {
    const InstanceId instance(static_cast<std::uint64_t>(rows->integer(3)));
    processes[rows->integer(0)] = {agents[rows->integer(1)], {ProcessId(rows->text(2)), instance}};
  }
  return {};
}

Result<std::unique_ptr<Recording>> Recording::open(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    return fail(ErrorCode::NotFound, fmt::format("There is no recording {}; check the name.", path));
  }
  if (!fs::is_regular_file(status)) return notARecording(path, "it is no regular file");
  if (sizeOf(path) == 0 && sizeOf(path + "-wal") == 0) return notARecording(path, "it is empty");
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  const bool hasLog = sizeOf(path + "-wal") > 0;
  Result<Database> db = openReadOnly(path);
  if (!db) {
    return fail(db.error().code,
                fmt::format("Cannot open the recording {} ({}); check that it may be read.", path, db.error().message));
  }
  impl->db = std::move(*db);
  const Result<int> format = checkFormat(path, impl->db);
  if (!format) return std::unexpected(format.error());
  impl->format = *format;
  if (Result<> loaded = impl->load(); !loaded) {
    return fail(
        ErrorCode::Corrupt,
        hasLog || sizeOf(path) > kFirstPages
            ? fmt::format("The recording {0} is damaged ({1}); qdctl repair {0} --out NEW saves what is sound.", path,
                          loaded.error().message)
            : fmt::format("{0} was cut off in its first seconds and its write-ahead log {0}-wal, which has them, is "
                          "missing; put it beside it.",
                          path));
  }
  if (!impl->complete && hasLog) {
    impl->notes.push_back(
        fmt::format("{} is still being recorded or was cut off; everything up to its last second is there.", path));
  } else if (!impl->complete) {
    impl->notes.push_back(fmt::format(
        "{0} was not closed cleanly and its write-ahead log {0}-wal is missing; the last seconds may be too.", path));
  }
  return std::unique_ptr<Recording>(new Recording(std::move(impl)));
}

Recording::Recording(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recording::~Recording() = default;

const std::string& Recording::path() const {
  return impl_->path;
}

const std::vector<std::string>& Recording::notes() const {
  return impl_->notes;
}

Result<RecordingInfo> Recording::info() const {
  RecordingInfo out;
  out.complete = impl_->complete;
  out.bytes = sizeOf(impl_->path) + sizeOf(impl_->path + "-wal");
  std::string problem;
  const auto number = [&](const std::string& sql) -> std::int64_t {
    const Result<std::int64_t> n = impl_->db.integer(sql);
    if (!n && problem.empty()) problem = n.error().message;
    return n.value_or(0);
  };
  out.format = impl_->format;
  out.points = number(
      fmt::format("SELECT (SELECT coalesce(sum(points), 0) FROM {}) + (SELECT coalesce(sum(points), 0) FROM tails)",
                  out.format == 1 ? "chunks" : "totals"));
  if (out.format > 1) {
    out.integers = number("SELECT sum(integers) FROM totals");
    out.doubles = number("SELECT sum(points - integers) FROM totals");
    out.integerBytes = number("SELECT sum(integer_bytes) FROM totals");
    out.doubleBytes = number("SELECT sum(double_bytes) FROM totals");
    out.headBytes = number("SELECT sum(head_bytes) FROM totals");
  }
  out.processes = number("SELECT count(DISTINCT agent || '/' || process) FROM processes");
  out.series = number(
      "SELECT count(*) FROM (SELECT DISTINCT p.agent, p.process, s.name, s.dimensions FROM series s "
      "JOIN processes p ON p.id = s.process)");
  // Ids ascend from 1 and no event is ever deleted, so the last one counts them.
  out.events = number("SELECT max(id) FROM events");
  out.gaps = number("SELECT count(*) FROM events WHERE kind = 'gap'");
  const char* spans = out.format == 1 ? kSpans1 : kSpans2;
  out.start = number(fmt::format("SELECT min(a) FROM ({}) WHERE a > 0", spans));
  out.end = number(fmt::format("SELECT max(b) FROM ({})", spans));
  if (out.start == 0) {
    out.start = number("SELECT min(time) FROM events WHERE time > 0");
    out.end = number("SELECT max(time) FROM events");
  }
  Result<Statement> program = impl_->db.prepare("SELECT value FROM meta WHERE key = 'program'");
  if (program && program->step().value_or(false)) out.program = program->text(0);
  if (!problem.empty()) {
    return fail(ErrorCode::Corrupt,
                fmt::format("The recording {} is damaged ({}); qdctl verify lists what.", impl_->path, problem));
  }
  return out;
}

std::optional<Tick> Recording::tickAt(const ingest::ProcessRef& process, TimeNs time) const {
  for (const auto& [row, entry] : impl_->processes) {
    if (entry.ref != process) continue;
    Result<Statement> bounds = impl_->db.prepare(
        "SELECT time_min, time_max, tick_min, tick_max FROM chunks WHERE process = ?1 AND time_max >= ?2 AND ring <> "
        "?3 "
        "ORDER BY time_max LIMIT 1");
    if (!bounds) return std::nullopt;
    bounds->bind(1, Cell(row)).bind(2, Cell(time)).bind(3, Cell(std::int64_t{ingest::kDerivedRing}));
    if (!bounds->step().value_or(false)) return std::nullopt;
    const TimeNs from = bounds->integer(0), to = bounds->integer(1);
    const Tick first = bounds->integer(2), last = bounds->integer(3);
    if (time <= from || to <= from) return first;
    const double share = static_cast<double>(time - from) / static_cast<double>(to - from);
    return first + static_cast<Tick>(share * static_cast<double>(last - first));
  }
  return std::nullopt;
}

std::vector<RecordedProcess> Recording::processes() const {
  std::vector<RecordedProcess> out;
  for (const auto& [row, entry] : impl_->processes) out.push_back({entry.agent, entry.ref});
  return out;
}

Result<std::vector<RecordedSeries>> Recording::series() const {
  Result<Statement> rows = impl_->db.prepare(
      "SELECT process, idx, name, unit, integer, scale, dimensions, derived FROM series ORDER BY process, idx");
  if (!rows) return std::unexpected(rows.error());
  std::vector<RecordedSeries> out;
  while (true) {
    const Result<bool> row = rows->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return out;
    const ProcessEntry& entry = impl_->processes[rows->integer(0)];
    RecordedSeries s{rows->integer(0), entry.ref.id, entry.ref.instance, {}};
    s.info.index = SeriesIndex(static_cast<std::uint32_t>(rows->integer(1)));
    s.info.name = rows->text(2);
    s.info.unit = rows->text(3);
    s.info.integer = rows->integer(4) != 0;
    s.info.scale = static_cast<std::int32_t>(rows->integer(5));
    s.info.dimensions = dimensionsFromJson(rows->text(6));
    s.info.derived = rows->integer(7) != 0;
    out.push_back(std::move(s));
  }
}

}  // namespace qd::recording
