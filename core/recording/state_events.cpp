// SPDX-License-Identifier: Apache-2.0
#include "core/recording/state_events.h"

#include <algorithm>

#include "core/recording/event_rows.h"

namespace qd::recording {

std::vector<std::string_view> stateKinds() {
  return {"process", "parameters", "push",  "action", "breakpoint", "group",  "hit",
          "gap",     "clock",      "agent", "mark",   "derived",    "change", "shared"};
}

std::vector<std::string_view> lineKinds() {
  return {"log", "game"};
}

struct EventCursor::Impl {
  // One kind's events, walked along its index.
  struct Stream {
    Statement places;  // id, at, ord
    TimeNs at = 0;
    std::int64_t ord = 0, id = 0;
    bool ended = false;

    void advance(std::vector<Damage>& damaged) {
      const Result<bool> row = places.step();
      if (!row) damaged.push_back({"events", 0, row.error().message});
      ended = !row || !*row;
      if (ended) return;
      id = places.integer(0);
      at = places.integer(1);
      ord = places.integer(2);
    }
  };

  explicit Impl(const Recording::Impl& of) : file(of), rows(of) {}
  const Recording::Impl& file;
  EventRows rows;
  Statement row;
  std::vector<Stream> streams;
  std::vector<Damage> damaged;
};

EventCursor::EventCursor(const Recording& file, const std::vector<std::string_view>& kinds, TimeNs from)
    : impl_(std::make_unique<Impl>(file.impl())) {
  Result<Statement> row = impl_->file.db.prepare("SELECT * FROM events WHERE id = ?");
  if (!row) {
    impl_->damaged.push_back({"events", 0, row.error().message});
    return;
  }
  impl_->row = std::move(*row);
  for (const std::string_view kind : kinds) {
    Result<Statement> places =
        impl_->file.db.prepare("SELECT id, at, ord FROM events WHERE kind = ?1 AND at >= ?2 ORDER BY at, ord");
    if (!places) {
      impl_->damaged.push_back({"events", 0, places.error().message});
      continue;
    }
    places->bind(1, Cell(kind)).bind(2, Cell(from));
    Impl::Stream stream{std::move(*places)};
    stream.advance(impl_->damaged);
    if (!stream.ended) impl_->streams.push_back(std::move(stream));
  }
}

EventCursor::~EventCursor() = default;

const std::vector<Damage>& EventCursor::damaged() const {
  return impl_->damaged;
}

std::optional<Placed> EventCursor::next() {
  auto& streams = impl_->streams;
  while (!streams.empty()) {
    const auto first = std::min_element(streams.begin(), streams.end(), [](const auto& a, const auto& b) {
      return a.at != b.at ? a.at < b.at : a.ord < b.ord;
    });
    const std::int64_t id = first->id;
    first->advance(impl_->damaged);
    if (first->ended) streams.erase(first);
    impl_->row.reset();
    impl_->row.bind(1, Cell(id));
    const Result<bool> there = impl_->row.step();
    if (!there || !*there) {
      impl_->damaged.push_back({"events", id, there ? "it is missing" : there.error().message});
      continue;
    }
    Result<Placed> placed = impl_->rows.read(impl_->row);
    if (placed) return std::move(*placed);
    impl_->damaged.push_back({"events", id, placed.error().message});
  }
  return std::nullopt;
}

Result<std::vector<Damage>> readStateEvents(const Recording& file, TimeNs until,
                                            const std::function<void(const ingest::EnvelopePtr&)>& each) {
  EventCursor cursor(file, stateKinds());
  while (const std::optional<Placed> next = cursor.next()) {
    if (next->at > until) break;
    each(next->envelope);
  }
  return cursor.damaged();
}

}  // namespace qd::recording
