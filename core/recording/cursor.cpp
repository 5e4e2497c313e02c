// SPDX-License-Identifier: Apache-2.0
// The replay order over a whole file: lots (chunks, tails, seconds of frames) are decoded when their first entry is
// due, and merged with the event rows.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <queue>

#include "core/recording/event_json.h"
#include "core/recording/frame_codec.h"
#include "core/recording/recording_impl.h"

namespace qd::recording {

namespace {

// The columns of the chunk that `chunk` stands on. In format 1 by an index, from format 2 on by their place.
Result<Statement> columnsOf(const Recording::Impl& file, const Statement& chunk) {
  const Layout& places = file.layout();
  const bool byIndex = places.chunks.firstColumn < 0;
  Result<Statement> columns = file.db.prepare(byIndex ? "SELECT * FROM columns WHERE chunk = ?1 ORDER BY id"
                                                      : "SELECT * FROM columns WHERE id >= ?1 AND id < ?1 + ?2");
  if (!columns) return columns;
  columns->bind(1, Cell(chunk.integer(byIndex ? 0 : places.chunks.firstColumn)));
  if (!byIndex) columns->bind(2, Cell(chunk.integer(places.chunks.columns)));
  return columns;
}

}  // namespace

std::optional<LoadedChunk> loadChunk(const Recording::Impl& file, std::int64_t id, std::vector<Damage>& damaged) {
  const Layout& places = file.layout();
  Result<Statement> row = file.db.prepare("SELECT * FROM chunks WHERE id = ?");
  if (!row) return std::nullopt;
  row->bind(1, Cell(id));
  const bool there = row->step().value_or(false) && hashMatches(*row);
  Result<ChunkHead> head = there ? decodeHead(row->blob(places.chunks.body), file.format)
                                 : Result<ChunkHead>(fail(ErrorCode::Corrupt, "its checksum does not match"));
  if (!head) {
    damaged.push_back({"chunks", id, head.error().message});
    return std::nullopt;
  }
  LoadedChunk out{row->integer(1), {static_cast<std::uint32_t>(row->integer(2)), std::move(*head), {}}};
  Result<Statement> columns = columnsOf(file, *row);
  if (!columns) return std::nullopt;
  std::int64_t seen = 0;
  std::size_t values = 0;
  Result<bool> more = false;
  while ((more = columns->step()).value_or(false)) {
    ++seen;
    Result<DecodedColumn> column =
        hashMatches(*columns) ? decodeColumn(static_cast<std::uint32_t>(columns->integer(3)), columns->integer(4) != 0,
                                             columns->blob(places.columns.body), out.chunk.head)
                              : Result<DecodedColumn>(fail(ErrorCode::Corrupt, "its checksum does not match"));
    values += column ? column->size() : 0;
    if (column && values > kMostDecoded) column = fail(ErrorCode::Corrupt, "its chunk holds more values than one can");
    if (column) {
      out.chunk.columns.push_back(std::move(*column));
    } else {
      damaged.push_back({"columns", columns->integer(0), column.error().message});
    }
  }
  if (!more) damaged.push_back({"columns", 0, more.error().message});
  if (more && seen != row->integer(places.chunks.columns)) {
    damaged.push_back(
        {"chunks", id, fmt::format("{} of its {} columns are there", seen, row->integer(places.chunks.columns))});
  }
  return out;
}

namespace {

enum class LotKind { Chunk, Tail, Frames };

struct Lot {
  TimeNs at = 0;
  std::uint64_t ord = 0;
  LotKind kind = LotKind::Chunk;
  std::int64_t id = 0;
};

// Entries that are decoded and wait for their turn, in order.
struct Stream {
  std::deque<Placed> entries;
};
struct Later {
  bool operator()(const Stream& a, const Stream& b) const { return before(b.entries.front(), a.entries.front()); }
};

class FileCursor final : public Cursor {
 public:
  FileCursor(const Recording::Impl& file, std::vector<Lot> lots, Statement events)
      : file_(file), lots_(std::move(lots)), events_(std::move(events)) {
    advanceEvents();
  }

  std::optional<Placed> next() override {
    while (nextLot_ < lots_.size() && due(lots_[nextLot_])) openLot(lots_[nextLot_++]);
    const bool fromStream = !streams_.empty() && (!event_ || before(streams_.front().entries.front(), *event_));
    if (fromStream) return popStream();
    if (!event_) return std::nullopt;
    std::optional<Placed> out = std::move(event_);
    advanceEvents();
    return out;
  }

  const std::vector<Damage>& damaged() const override { return damaged_; }

 private:
  // Nothing that is at hand comes before it.
  bool due(const Lot& lot) const {
    const Placed first{lot.ord, lot.at, nullptr};
    if (!streams_.empty() && before(streams_.front().entries.front(), first)) return false;
    return !(event_ && before(*event_, first));
  }

  Placed popStream() {
    std::pop_heap(streams_.begin(), streams_.end(), Later());
    Stream& stream = streams_.back();
    Placed out = std::move(stream.entries.front());
    stream.entries.pop_front();
    if (stream.entries.empty()) {
      streams_.pop_back();
    } else {
      std::push_heap(streams_.begin(), streams_.end(), Later());
    }
    return out;
  }

  void push(std::vector<Placed> entries) {
    if (entries.empty()) return;
    std::stable_sort(entries.begin(), entries.end(), before);
    streams_.push_back({{std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end())}});
    std::push_heap(streams_.begin(), streams_.end(), Later());
  }

  void openLot(const Lot& lot) {
    if (lot.kind == LotKind::Chunk) return openChunk(lot.id);
    const char* table = lot.kind == LotKind::Tail ? "tails" : "frames";
    Result<Statement> row = file_.db.prepare(fmt::format("SELECT * FROM {} WHERE id = {}", table, lot.id));
    if (!row || !row->step().value_or(false) || !hashMatches(*row)) {
      damaged_.push_back({table, lot.id, "its checksum does not match"});
      return;
    }
    const auto entry = file_.processes.find(row->integer(1));
    if (entry == file_.processes.end()) {
      damaged_.push_back({table, lot.id, "its process is not there"});
      return;
    }
    Result<std::vector<Placed>> all =
        lot.kind == LotKind::Tail ? tail(entry->second, *row) : frames(entry->second, *row);
    if (all) {
      push(std::move(*all));
    } else {
      damaged_.push_back({table, lot.id, all.error().message});
    }
  }

  void openChunk(std::int64_t id) {
    std::optional<LoadedChunk> loaded = loadChunk(file_, id, damaged_);
    if (!loaded) return;
    const auto entry = file_.processes.find(loaded->process);
    if (entry == file_.processes.end()) {
      damaged_.push_back({"chunks", id, "its process is not there"});
      return;
    }
    DecodedChunk& chunk = loaded->chunk;
    push(assemble(entry->second.agent, entry->second.ref, chunk.ring, std::move(chunk.head), chunk.columns));
  }

  Result<std::vector<Placed>> tail(const ProcessEntry& entry, const Statement& row) const {
    Result<std::vector<DecodedChunk>> chunks = decodeTail(row.blob(file_.layout().tails.body), file_.format);
    if (!chunks) return std::unexpected(chunks.error());
    std::vector<Placed> out;
    for (DecodedChunk& chunk : *chunks) {
      auto some = assemble(entry.agent, entry.ref, chunk.ring, std::move(chunk.head), chunk.columns);
      std::move(some.begin(), some.end(), std::back_inserter(out));
    }
    return out;
  }

  Result<std::vector<Placed>> frames(const ProcessEntry& entry, const Statement& row) const {
    const int body = file_.layout().frames.body;
    const std::string kind = row.text(2);
    if (kind == "entities") return decodeEntities(entry.agent, entry.ref, row.blob(body));
    if (kind == "frames") return decodeFrames(entry.agent, entry.ref, row.blob(body));
    if (kind == "rollups") return decodeRollups(entry.agent, entry.ref, row.blob(body));
    return fail(ErrorCode::Corrupt, fmt::format("its kind \"{}\" is not known", kind));
  }

  void advanceEvents() {
    event_.reset();
    while (!eventsEnded_) {
      const Result<bool> row = events_.step();
      if (!row) damaged_.push_back({"events", 0, row.error().message});
      if (!row || !*row) {
        eventsEnded_ = true;
        return;
      }
      Result<Placed> placed = readEvent();
      if (placed) {
        event_ = std::move(*placed);
        return;
      }
      damaged_.push_back({"events", events_.integer(0), placed.error().message});
    }
  }

  Result<Placed> readEvent() {
    if (!hashMatches(events_)) return fail(ErrorCode::Corrupt, "its checksum does not match");
    auto envelope = std::make_shared<ingest::Envelope>();
    const auto agent = file_.agents.find(events_.integer(6));
    if (agent != file_.agents.end()) envelope->agent = agent->second;
    envelope->sequence = static_cast<std::uint64_t>(events_.integer(8));
    envelope->previous = static_cast<std::uint64_t>(events_.integer(9));
    envelope->received = events_.integer(10);
    const std::string kind = events_.text(5), body = events_.text(11);
    Result<ingest::Event> event = kind == "process" ? readProcess(body) : fromJson(kind, body);
    if (!event) return std::unexpected(event.error());
    envelope->event = std::move(*event);
    return Placed{static_cast<std::uint64_t>(events_.integer(1)), events_.integer(2), std::move(envelope)};
  }

  Result<ingest::Event> readProcess(const std::string& body) {
    Result<ProcessRow> process = processFromJson(body);
    if (!process) return std::unexpected(process.error());
    Result<Statement> row =
        file_.db.prepare(fmt::format("SELECT * FROM declarations WHERE id = {}", process->declaration));
    if (!row) return std::unexpected(row.error());
    if (!row->step().value_or(false) || !hashMatches(*row)) {
      return fail(ErrorCode::Corrupt, fmt::format("its declaration {} is missing or damaged", process->declaration));
    }
    Result<ingest::ProcessInfo> info = declarationFromJson(row->text(2));
    if (!info) return std::unexpected(info.error());
    ingest::ProcessChange change = std::move(process->change);
    info->state = change.info.state;
    info->tick = change.info.tick;
    info->tickHz = change.info.tickHz;
    change.info = std::move(*info);
    return ingest::Event(std::move(change));
  }

  const Recording::Impl& file_;
  std::vector<Lot> lots_;
  std::size_t nextLot_ = 0;
  std::vector<Stream> streams_;  // a heap
  Statement events_;
  std::optional<Placed> event_;
  bool eventsEnded_ = false;
  std::vector<Damage> damaged_;
};

Result<> listLots(const Database& db, LotKind kind, const char* table, std::vector<Lot>& out) {
  Result<Statement> rows = db.prepare(fmt::format("SELECT id, at, ord FROM {}", table));
  if (!rows) return std::unexpected(rows.error());
  while (true) {
    const Result<bool> row = rows->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    out.push_back({rows->integer(1), static_cast<std::uint64_t>(rows->integer(2)), kind, rows->integer(0)});
  }
}

}  // namespace

Result<std::unique_ptr<Cursor>> Recording::cursor() const {
  std::vector<Lot> lots;
  for (const auto& [kind, table] :
       {std::pair(LotKind::Chunk, "chunks"), std::pair(LotKind::Tail, "tails"), std::pair(LotKind::Frames, "frames")}) {
    // What could be listed before the damage is replayed; verify names the rest.
    (void)listLots(impl_->db, kind, table, lots);
  }
  std::sort(lots.begin(), lots.end(),
            [](const Lot& a, const Lot& b) { return a.at != b.at ? a.at < b.at : a.ord < b.ord; });
  Result<Statement> events = impl_->db.prepare("SELECT * FROM events ORDER BY at, ord");
  if (!events) {
    return fail(ErrorCode::Corrupt, fmt::format("The recording {} is damaged ({}); qdctl verify lists what.",
                                                impl_->path, events.error().message));
  }
  return std::unique_ptr<Cursor>(new FileCursor(*impl_, std::move(lots), std::move(*events)));
}

}  // namespace qd::recording
