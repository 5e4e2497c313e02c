// SPDX-License-Identifier: Apache-2.0
#include "core/recording/recorded_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/recording/event_json.h"
#include "core/recording/recorded_samples_impl.h"
#include "core/recording/stored_sketch.h"
#include "core/series/store.h"

namespace qd::recording {
namespace {

constexpr std::size_t kMostHeads = 16;  // kept

// A read transaction: everything in it is of one moment.
class ReadLook {
 public:
  static Result<ReadLook> begin(const Database& db) {
    Result<Statement> begun = db.prepare("BEGIN");
    if (!begun) return std::unexpected(begun.error());
    if (auto done = begun->step(); !done) return std::unexpected(done.error());
    ReadLook look(db);
    const Result<std::int64_t> version = db.integer("PRAGMA data_version");
    if (!version) return std::unexpected(version.error());
    look.version_ = *version;
    return look;
  }
  ReadLook(ReadLook&& other) noexcept : db_(std::exchange(other.db_, nullptr)), version_(other.version_) {}
  ReadLook& operator=(ReadLook&&) = delete;
  ~ReadLook() {
    Result<Statement> end = db_ != nullptr ? db_->prepare("COMMIT") : Result<Statement>();
    if (db_ != nullptr && end) (void)end->step();  // nothing was written: it cannot fail in a way that matters
  }
  // Another one after each commit of somebody else.
  std::int64_t version() const { return version_; }

 private:
  explicit ReadLook(const Database& db) : db_(&db) {}
  const Database* db_;
  std::int64_t version_ = 0;
};

Summary merged(Summary a, const Summary& b) {
  if (a.n == 0) return b;
  a.add(b);
  return a;
}

}  // namespace

const SeriesTotal* RecordedSamples::Part::total(std::uint32_t series, bool isDouble) const {
  const auto found = std::find_if(totals.begin(), totals.end(), [&](const SeriesTotal& t) {
    return t.series == series && t.summary.isDouble == isDouble;
  });
  return found == totals.end() ? nullptr : &*found;
}

std::uint64_t RecordedSamples::Part::columns(std::uint32_t series) const {
  std::uint64_t n = 0;
  for (const SeriesTotal& t : totals) n += t.series == series ? t.columns : 0;
  return n;
}

const ingest::SeriesInfo* RecordedSamples::Part::find(const std::string& label) const {
  const auto found = series.find(label);
  return found == series.end() ? nullptr : &found->second;
}

std::map<std::string, ingest::SeriesInfo> RecordedSamples::Process::series() const {
  std::map<std::string, ingest::SeriesInfo> out;
  for (const Part& part : parts) out.insert(part.series.begin(), part.series.end());
  return out;
}

bool RecordedSamples::Process::breaksIn(TimeNs from, TimeNs to) const {
  const auto next = std::upper_bound(breaks.begin(), breaks.end(), from);
  return next != breaks.end() && *next <= to;
}

RecordedSamples::RecordedSamples(std::unique_ptr<Recording> file) : file_(std::move(file)) {}
RecordedSamples::~RecordedSamples() = default;

Result<std::shared_ptr<RecordedSamples>> RecordedSamples::open(const std::string& path) {
  Result<std::unique_ptr<Recording>> file = Recording::open(path);
  if (!file) return std::unexpected(file.error());
  if ((*file)->impl().format < 2) {
    return fail(ErrorCode::Unsupported, fmt::format("{} has format 1, which has no summaries.", path));
  }
  std::shared_ptr<RecordedSamples> self(new RecordedSamples(std::move(*file)));
  const Result<ReadLook> look = ReadLook::begin(self->file_->impl().db);
  if (!look) return std::unexpected(look.error());
  self->version_ = look->version();
  const Recording::Impl& impl = self->file_->impl();
  for (const auto& [row, entry] : impl.processes) {
    const auto same = std::ranges::find(self->processes_, entry.ref, &Process::ref);
    Process& process =
        same != self->processes_.end() ? *same : self->processes_.emplace_back(Process{entry.ref, {}, {}});
    if (process.parts.size() < kMostParts) process.parts.push_back({row, {}, {}, {}});
  }
  Result<Statement> rows = impl.db.prepare("SELECT * FROM totals");
  if (!rows) return std::unexpected(rows.error());
  while (rows->step().value_or(false)) {
    Part* part = self->part(rows->integer(0));
    Result<std::vector<SeriesTotal>> totals =
        hashMatches(*rows) ? decodeTotals(rows->blob(rows->columns() - 2))
                           : Result<std::vector<SeriesTotal>>(fail(ErrorCode::Corrupt, "its checksum does not match"));
    if (!totals) {
      self->note("totals", rows->integer(0), totals.error().message);
    } else if (part != nullptr) {
      part->totals = std::move(*totals);
    }
  }
  const Result<std::vector<RecordedSeries>> all = self->file_->series();
  if (!all) return std::unexpected(all.error());
  for (const RecordedSeries& series : *all) {
    if (Part* part = self->part(series.processRow)) part->series[series.label()] = series.info;
  }
  self->readTails();
  self->readBreaks();
  return self;
}

std::shared_ptr<void> RecordedSamples::still() {
  Result<ReadLook> look = ReadLook::begin(file_->impl().db);
  if (!look || look->version() != version_) return nullptr;
  return std::make_shared<ReadLook>(std::move(*look));
}

void RecordedSamples::readTails() {
  const Recording::Impl& impl = file_->impl();
  Result<Statement> rows = impl.db.prepare("SELECT * FROM tails ORDER BY id");
  while (rows && rows->step().value_or(false)) {
    Part* owner = part(rows->integer(1));
    Result<std::vector<DecodedChunk>> chunks =
        hashMatches(*rows) ? decodeTail(rows->blob(impl.layout().tails.body), impl.format)
                           : Result<std::vector<DecodedChunk>>(fail(ErrorCode::Corrupt, "its checksum does not match"));
    if (!chunks) {
      note("tails", rows->integer(0), chunks.error().message);
    } else if (owner != nullptr) {
      std::move(chunks->begin(), chunks->end(), std::back_inserter(owner->tails));
    }
  }
}

void RecordedSamples::readBreaks() {
  Result<Statement> rows = file_->impl().db.prepare("SELECT body FROM events WHERE kind = 'gap' ORDER BY at, ord");
  while (rows && rows->step().value_or(false)) {
    const Result<ingest::Event> event = fromJson("gap", rows->text(0));
    if (!event) continue;
    const auto& gap = std::get<ingest::Gap>(*event);
    for (Process& process : processes_) {
      if (gap.process.value.empty() || gap.process == process.ref.id) process.breaks.push_back(gap.from);
    }
  }
  for (Process& process : processes_) std::sort(process.breaks.begin(), process.breaks.end());
}

void RecordedSamples::note(std::string table, std::int64_t row, std::string what) {
  constexpr std::size_t kMost = 1000;
  const std::lock_guard lock(mutex_);
  if (damaged_.size() < kMost) damaged_.push_back({std::move(table), row, std::move(what)});
}

std::vector<Damage> RecordedSamples::damaged() const {
  const std::lock_guard lock(mutex_);
  return damaged_;
}

series::ColdExtent RecordedSamples::coldOf(const Process& process, const Piece& piece,
                                           const ingest::SeriesInfo& info) const {
  const Summary& s = piece.summary;
  const double unit = s.isDouble ? 1.0 : std::pow(10.0, -info.scale);
  const auto shown = [&](double raw) {
    return info.scale > 0 && !s.isDouble ? raw / std::pow(10.0, info.scale) : raw * unit;
  };
  series::ColdExtent out;
  out.key = piece.key;
  out.extent.t0 = piece.extent.timeMin;
  out.extent.t1 = piece.extent.timeMax;
  out.extent.k0 = piece.extent.tickMin;
  out.extent.k1 = piece.extent.tickMax;
  out.extent.summary.total = s.n;
  out.extent.summary.count = s.count;
  if (s.count > 0) {
    out.extent.summary.min = shown(s.real(s.min));
    out.extent.summary.max = shown(s.real(s.max));
    out.extent.summary.last = shown(s.real(s.last));
    out.extent.summary.sum = shown(s.mean) * static_cast<double>(s.count);
  }
  out.sketch = shownSketch(piece.sketch, s.isDouble ? 0 : info.scale, s.count);
  out.extent.mixed = process.breaksIn(out.extent.t0, out.extent.t1);
  return out;
}

void RecordedSamples::eachTail(const Part& part, std::uint32_t series,
                               const std::function<void(const Summary&, const Extent&)>& each) {
  for (const DecodedChunk& chunk : part.tails) {
    for (const DecodedColumn& column : chunk.columns) {
      if (column.series != series || column.size() == 0) continue;
      Extent extent;
      for (std::size_t i = 0; i < column.size(); ++i) {
        const std::size_t row = column.row(i);
        const Extent one{chunk.head.times[row], chunk.head.times[row], chunk.head.ticks[row], chunk.head.ticks[row]};
        i == 0 ? void(extent = one) : extent.add(one);
      }
      each(std::visit([](const auto& values) { return summarise(values); }, column.values), extent);
    }
  }
}

void RecordedSamples::adopt(series::Store& store, const Process& process) {
  std::optional<Extent> whole;
  const auto extend = [&whole](const Extent& extent) {
    if (whole) {
      whole->add(extent);
    } else {
      whole = extent;
    }
  };
  std::uint64_t rows = 0;
  for (const auto& [label, info] : process.series()) {
    Piece root{keyOf(KeyKind::Root, info.index.value), {}, {}};
    bool any = false;
    const auto add = [&](const Summary& summary, const Extent& extent) {
      root.summary = merged(root.summary, summary);
      any ? root.extent.add(extent) : void(root.extent = extent);
      any = true;
      extend(extent);
    };
    for (const Part& part : process.parts) {
      const ingest::SeriesInfo* own = part.find(label);
      if (own == nullptr) continue;
      for (const bool isDouble : {false, true}) {
        const SeriesTotal* total = part.total(own->index.value, isDouble);
        if (total != nullptr && total->summary.n > 0) add(total->summary, total->extent);
      }
      eachTail(part, own->index.value, add);
    }
    rows = std::max(rows, root.summary.n);
    std::vector<series::ColdExtent> extents;
    if (any) extents.push_back(coldOf(process, root, info));
    store.adopt(process.ref, info, std::move(extents));
  }
  if (!whole) return;
  Piece clock{keyOf(KeyKind::Root, 0), {}, *whole};
  clock.summary.n = std::max<std::uint64_t>(rows, 1);
  store.adoptClock(process.ref, {coldOf(process, clock, {})});
}

void RecordedSamples::adoptInto(series::Store& store) {
  for (const Process& process : processes_) adopt(store, process);
}

const RecordedSamples::Process* RecordedSamples::find(const ingest::ProcessRef& ref) const {
  const auto found = std::ranges::find(processes_, ref, &Process::ref);
  return found == processes_.end() ? nullptr : &*found;
}

RecordedSamples::Part* RecordedSamples::part(std::int64_t row) {
  for (Process& process : processes_) {
    const auto found = std::ranges::find(process.parts, row, &Part::row);
    if (found != process.parts.end()) return &*found;
  }
  return nullptr;
}

Result<series::ColdLoad> RecordedSamples::load(const series::ColdRequest& request) {
  const Process* process = find(request.process);
  if (process == nullptr) {
    return fail(ErrorCode::InvalidArgument, fmt::format("{} is not in {}.", request.process.id.value, file_->path()));
  }
  if (request.series.name.empty()) return loadClock(*process, request);
  // The store knows the series as its newest start declared it, where it may have another index or scale.
  const std::string label = RecordedSeries{0, {}, {}, request.series}.label();
  const ingest::SeriesInfo* own = nullptr;
  for (const Part& part : process->parts) own = own != nullptr ? own : part.find(label);
  if (own == nullptr) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("{} has no {}.", request.process.id.value, request.series.name));
  }
  series::ColdRequest asked = request;
  asked.series = *own;
  return loadSeries(*process, asked);
}

std::shared_ptr<const RecordedSamples::RingHead> RecordedSamples::head(std::int64_t chunk) {
  for (const auto& [id, known] : heads_) {
    if (id == chunk) return known;
  }
  const Recording::Impl& impl = file_->impl();
  Result<Statement> row = impl.db.prepare("SELECT * FROM chunks WHERE id = ?");
  if (!row) return nullptr;
  row->bind(1, Cell(chunk));
  Result<ChunkHead> decoded = row->step().value_or(false) && hashMatches(*row)
                                  ? decodeHead(row->blob(impl.layout().chunks.body), impl.format)
                                  : Result<ChunkHead>(fail(ErrorCode::Corrupt, "its checksum does not match"));
  if (!decoded) {
    note("chunks", chunk, decoded.error().message);
    return nullptr;
  }
  constexpr int kRing = 2;
  const auto ring = static_cast<std::uint32_t>(row->integer(kRing));
  heads_.emplace_back(chunk, std::make_shared<const RingHead>(RingHead{ring, std::move(*decoded)}));
  if (heads_.size() > kMostHeads) heads_.pop_front();
  return heads_.back().second;
}

std::uint64_t RecordedSamples::groupOf(std::vector<std::uint64_t> keys) {
  const auto [known, fresh] = groupIds_.try_emplace(keys, groups_.size());
  if (fresh) groups_.push_back(std::move(keys));
  return keyOf(KeyKind::Group, known->second);
}

// Ascending, what overlaps as one.
series::ColdLoad RecordedSamples::childrenOf(const Process& process, std::vector<Piece> pieces,
                                             const series::ColdRequest& request) {
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.extent.timeMin < b.extent.timeMin; });
  series::ColdLoad out;
  TimeNs before = INT64_MIN;
  Tick tick = INT64_MIN;
  std::uint32_t segment = request.extent.segment;
  for (std::size_t i = 0; i < pieces.size();) {
    Piece piece = pieces[i];
    std::vector<std::uint64_t> keys{piece.key};
    for (++i; i < pieces.size() && pieces[i].extent.timeMin < piece.extent.timeMax; ++i) {
      piece.summary = merged(piece.summary, pieces[i].summary);
      piece.sketch = mergedSketches(piece.sketch, pieces[i].sketch);
      piece.extent.add(pieces[i].extent);
      keys.push_back(pieces[i].key);
    }
    if (keys.size() > 1) piece.key = groupOf(std::move(keys));
    // A sparse column is told with the bounds of its whole chunk: what is below never reaches beyond what it is below
    // of, or it would not be found there.
    piece.extent.timeMin = std::clamp(piece.extent.timeMin, request.extent.t0, request.extent.t1);
    piece.extent.timeMax = std::clamp(piece.extent.timeMax, request.extent.t0, request.extent.t1);
    piece.extent.tickMin = std::clamp(piece.extent.tickMin, request.extent.k0, request.extent.k1);
    piece.extent.tickMax = std::clamp(piece.extent.tickMax, request.extent.k0, request.extent.k1);
    series::ColdExtent cold = coldOf(process, piece, request.series);
    if (tick != INT64_MIN && piece.extent.tickMax < tick) ++segment;  // the ticks began anew
    cold.extent.segment = segment;
    cold.extent.breakBefore =
        before == INT64_MIN ? request.extent.breakBefore : process.breaksIn(before, cold.extent.t0);
    before = cold.extent.t1;
    tick = piece.extent.tickMin;
    out.children.push_back(std::move(cold));
  }
  return out;
}

}  // namespace qd::recording
