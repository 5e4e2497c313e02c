// SPDX-License-Identifier: Apache-2.0
// The replay order over a whole file: lots (chunks, tails, seconds of frames) are decoded when their first entry is
// due, and merged with the event rows.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <queue>

#include "core/recording/event_rows.h"
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
  LotKind kind = LotKind::Chunk;
  std::int64_t id = 0;
};

// The lots of a file by their least replay time, out of an index and one after the other, so that beginning costs the
// same at any size.
class LotStream {
 public:
  LotStream(const Recording::Impl& file, TimeNs from) {
    for (const auto& [kind, table] : {std::pair(LotKind::Chunk, "chunks"), std::pair(LotKind::Tail, "tails"),
                                      std::pair(LotKind::Frames, "frames")}) {
      const std::string bound = file.format < 2 ? "at" : "at_max";
      const bool all = from == INT64_MIN || file.format < 2;
      Result<Statement> rows = file.db.prepare(fmt::format("SELECT id, at FROM {}{} ORDER BY at", table,
                                                           all ? "" : fmt::format(" WHERE {} >= {}", bound, from)));
      // What can be listed before the damage is replayed; verify names the rest.
      if (rows) kinds_.push_back({kind, std::move(*rows), {}});
      if (rows) advance(kinds_.back());
    }
  }

  const Lot* peek() const {
    const Lot* first = nullptr;
    for (const Kind& kind : kinds_) {
      if (kind.next && (first == nullptr || kind.next->at < first->at)) first = &*kind.next;
    }
    return first;
  }
  Lot take() {
    const Lot lot = *peek();
    for (Kind& kind : kinds_) {
      if (kind.kind == lot.kind) advance(kind);
    }
    return lot;
  }

 private:
  struct Kind {
    LotKind kind;
    Statement rows;
    std::optional<Lot> next;
  };
  static void advance(Kind& kind) {
    kind.next.reset();
    if (kind.rows.step().value_or(false)) kind.next = Lot{kind.rows.integer(1), kind.kind, kind.rows.integer(0)};
  }
  std::vector<Kind> kinds_;
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
  FileCursor(const Recording::Impl& file, TimeNs from, Statement events)
      : file_(file), from_(from), lots_(file, from), events_(std::move(events)), rows_(file) {
    advanceEvents();
  }

  std::optional<Placed> next() override {
    while (lots_.peek() != nullptr && due(*lots_.peek())) openLot(lots_.take());
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
    const Placed first{0, lot.at, nullptr};  // its entries are not before that
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
    std::erase_if(entries, [this](const Placed& entry) { return entry.at < from_; });
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
      Result<Placed> placed = rows_.read(events_);
      if (placed) {
        event_ = std::move(*placed);
        return;
      }
      damaged_.push_back({"events", events_.integer(0), placed.error().message});
    }
  }

  const Recording::Impl& file_;
  const TimeNs from_;
  LotStream lots_;
  std::vector<Stream> streams_;  // a heap
  Statement events_;
  EventRows rows_;
  std::optional<Placed> event_;
  bool eventsEnded_ = false;
  std::vector<Damage> damaged_;
};

}  // namespace

Result<std::unique_ptr<Cursor>> Recording::cursor(TimeNs from) const {
  Result<Statement> events = impl_->db.prepare("SELECT * FROM events WHERE at >= ? ORDER BY at, ord");
  if (!events) {
    return fail(ErrorCode::Corrupt, fmt::format("The recording {} is damaged ({}); qdctl verify lists what.",
                                                impl_->path, events.error().message));
  }
  events->bind(1, Cell(from));
  return std::unique_ptr<Cursor>(new FileCursor(*impl_, from, std::move(*events)));
}

}  // namespace qd::recording
