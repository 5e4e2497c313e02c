// SPDX-License-Identifier: Apache-2.0
#include "core/recording/frame_codec.h"

#include <algorithm>
#include <unordered_map>

namespace qd::recording {
namespace {

using ingest::EntityFrame;
using ingest::FrameBlock;
using ingest::Rollup;
using List = std::vector<std::int64_t>;

template <class T>
const T& get(const Placed& placed) {
  return std::get<T>(placed.envelope->event);
}

void putPlaces(Packer& packer, std::span<const Placed> all, Bytes& out) {
  List ord, at, sequence, previous, received;
  for (const Placed& placed : all) {
    ord.push_back(static_cast<std::int64_t>(placed.ord));
    at.push_back(placed.at);
    sequence.push_back(static_cast<std::int64_t>(placed.envelope->sequence));
    previous.push_back(static_cast<std::int64_t>(placed.envelope->previous));
    received.push_back(placed.envelope->received);
  }
  for (const List* list : {&ord, &at, &sequence, &previous, &received}) packer.ints(*list, out);
}

struct Slot {
  Placed placed;
  std::shared_ptr<ingest::Envelope> envelope;
};

std::vector<Slot> takePlaces(ByteReader& in, const AgentId& agent) {
  const List ord = unpackInts(in), at = unpackInts(in), sequence = unpackInts(in), previous = unpackInts(in);
  const List received = unpackInts(in);
  std::vector<Slot> out;
  for (const List* list : {&at, &sequence, &previous, &received}) {
    if (list->size() != ord.size()) in.spoil();
  }
  for (std::size_t i = 0; in.ok() && i < ord.size(); ++i) {
    auto envelope = std::make_shared<ingest::Envelope>();
    envelope->agent = agent;
    envelope->sequence = static_cast<std::uint64_t>(sequence[i]);
    envelope->previous = static_cast<std::uint64_t>(previous[i]);
    envelope->received = received[i];
    out.push_back({{static_cast<std::uint64_t>(ord[i]), at[i], envelope}, envelope});
  }
  return out;
}

Result<std::vector<Placed>> finish(const ByteReader& in, std::vector<Slot> slots) {
  if (!in.ok() || !in.atEnd()) return fail(ErrorCode::Corrupt, "its columns do not decode");
  std::vector<Placed> out;
  out.reserve(slots.size());
  for (Slot& slot : slots) out.push_back(std::move(slot.placed));
  return out;
}

// Appends field(T) of every envelope as one list.
template <class T, class Field>
void putEach(Packer& packer, std::span<const Placed> all, Bytes& out, Field field) {
  List list;
  list.reserve(all.size());
  for (const Placed& placed : all) list.push_back(static_cast<std::int64_t>(field(get<T>(placed))));
  packer.ints(list, out);
}

// All elements of one column of all events, one after the other.
template <class T, class Column>
List joined(std::span<const Placed> all, Column column) {
  List list;
  for (const Placed& placed : all) {
    const auto& values = column(get<T>(placed));
    for (const auto v : values) list.push_back(static_cast<std::int64_t>(v));
  }
  return list;
}

List takeList(ByteReader& in, std::size_t n) {
  List list = unpackInts(in);
  if (list.size() != n) in.spoil();
  if (!in.ok()) list.assign(n, 0);
  return list;
}

// Sum of lengths, 0 and spoiled if it is absurd.
std::size_t total(ByteReader& in, const List& counts) {
  std::size_t sum = 0;
  for (const std::int64_t n : counts) {
    if (n < 0 || static_cast<std::size_t>(n) > kMostInAList - sum) in.spoil();
    if (!in.ok()) return 0;
    sum += static_cast<std::size_t>(n);
  }
  return sum;
}

template <class T>
std::vector<T> cut(const List& list, std::size_t from, std::size_t n) {
  std::vector<T> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<T>(list[from + i]);
  return out;
}

// Which elements belong to one entity, derived from the ids alone, so that both sides know it.
struct Tracks {
  std::vector<std::size_t> before;  // place of the same entity's element before it, or its own
  std::vector<std::size_t> order;   // first elements of all entities, then entity after entity: like stands by like
};

Tracks tracksOf(const List& ids) {
  Tracks out;
  std::unordered_map<std::int64_t, std::size_t> trackOf;
  std::vector<std::vector<std::size_t>> tracks;
  out.before.resize(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto [at, fresh] = trackOf.try_emplace(ids[i], tracks.size());
    if (fresh) tracks.emplace_back();
    std::vector<std::size_t>& track = tracks[at->second];
    out.before[i] = fresh ? i : track.back();
    track.push_back(i);
  }
  for (const auto& track : tracks) out.order.push_back(track.front());
  for (const auto& track : tracks) out.order.insert(out.order.end(), track.begin() + 1, track.end());
  return out;
}

// What element i is expected to be: the entity's last value, or for `steady` columns the last one and its last step.
std::uint64_t expected(const List& values, const Tracks& tracks, std::size_t i, bool steady) {
  const std::size_t a = tracks.before[i];
  if (a == i) return 0;
  const std::size_t b = tracks.before[a];
  const auto last = static_cast<std::uint64_t>(values[a]);
  return steady && b != a ? 2 * last - static_cast<std::uint64_t>(values[b]) : last;
}

List residuals(const List& values, const Tracks& tracks, bool steady) {
  List out(values.size());
  for (std::size_t place = 0; place < values.size(); ++place) {
    const std::size_t i = tracks.order[place];
    out[place] = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i]) - expected(values, tracks, i, steady));
  }
  return out;
}

List restored(const List& residuals, const Tracks& tracks, bool steady) {
  List out(residuals.size());
  for (std::size_t place = 0; place < out.size(); ++place) {  // an entity's elements stand in their own order
    const std::size_t i = tracks.order[place];
    out[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(residuals[place]) + expected(out, tracks, i, steady));
  }
  return out;
}

void putDomains(std::vector<std::string> domains, Bytes& out) {
  ByteWriter writer(out);
  const bool same = std::equal(domains.begin() + 1, domains.end(), domains.begin());
  writer.u8(same ? 0 : 1);
  if (same) domains.resize(1);
  for (const std::string& domain : domains) writer.text(domain);
}

std::vector<std::string> takeDomains(ByteReader& in, std::size_t n) {
  const bool same = in.u8() == 0;
  std::vector<std::string> out;
  for (std::size_t i = 0; in.ok() && i < n; ++i) out.push_back(same && i > 0 ? out.front() : in.text());
  if (!in.ok()) out.assign(n, {});
  return out;
}

template <class T>
void putDomainsOf(std::span<const Placed> all, Bytes& out) {
  std::vector<std::string> domains;
  for (const Placed& placed : all) domains.push_back(get<T>(placed).domain);
  putDomains(std::move(domains), out);
}

}  // namespace

bool isSound(const EntityFrame& f) {
  const std::size_t n = f.ids.size();
  return n <= kMostInAList / 1024 && f.x.size() == n && f.y.size() == n && f.z.size() == n && f.vx.size() == n &&
         f.vy.size() == n && f.vz.size() == n && f.rotation.size() == 4 * n && f.flags.size() == n;
}

bool isSound(const FrameBlock& b) {
  const std::size_t n = b.frames.size();
  return n <= kMostInAList / 1024 && b.times.size() == n && b.renderTicks48_16.size() == n &&
         b.predictedTicks.size() == n;
}

Bytes encodeEntities(Packer& packer, std::span<const Placed> frames) {
  Bytes out;
  putPlaces(packer, frames, out);
  putDomainsOf<EntityFrame>(frames, out);
  putEach<EntityFrame>(packer, frames, out, [](const auto& f) { return f.rendered ? 1 : 0; });
  putEach<EntityFrame>(packer, frames, out, [](const auto& f) { return f.tick; });
  putEach<EntityFrame>(packer, frames, out, [](const auto& f) { return f.time; });
  putEach<EntityFrame>(packer, frames, out, [](const auto& f) { return f.renderTick48_16; });
  putEach<EntityFrame>(packer, frames, out, [](const auto& f) { return f.ids.size(); });
  const List ids = joined<EntityFrame>(
      frames, [](const auto& f) -> const auto& { return f.ids; });
  packer.ints(ids, out);
  const Tracks tracks = tracksOf(ids);
  const auto put = [&](const List& values, bool steady = false) {
    packer.ints(residuals(values, tracks, steady), out);
  };
  put(joined<EntityFrame>(
          frames, [](const auto& f) -> const auto& { return f.x; }),
      true);
  put(joined<EntityFrame>(
          frames, [](const auto& f) -> const auto& { return f.y; }),
      true);
  put(joined<EntityFrame>(
          frames, [](const auto& f) -> const auto& { return f.z; }),
      true);
  put(joined<EntityFrame>(
      frames, [](const auto& f) -> const auto& { return f.vx; }));
  put(joined<EntityFrame>(
      frames, [](const auto& f) -> const auto& { return f.vy; }));
  put(joined<EntityFrame>(
      frames, [](const auto& f) -> const auto& { return f.vz; }));
  put(joined<EntityFrame>(
      frames, [](const auto& f) -> const auto& { return f.flags; }));
  const List rotations = joined<EntityFrame>(
      frames, [](const auto& f) -> const auto& { return f.rotation; });
  for (std::size_t axis = 0; axis < 4; ++axis) {
    List one(ids.size());
    for (std::size_t i = 0; i < one.size(); ++i) one[i] = rotations[4 * i + axis];
    put(one);
  }
  return out;
}

Result<std::vector<Placed>> decodeEntities(const AgentId& agent, const ingest::ProcessRef& process, ByteView bytes) {
  ByteReader in(bytes);
  std::vector<Slot> slots = takePlaces(in, agent);
  const std::size_t n = slots.size();
  const std::vector<std::string> domains = takeDomains(in, n);
  const List rendered = takeList(in, n), ticks = takeList(in, n), times = takeList(in, n);
  const List renderTicks = takeList(in, n), counts = takeList(in, n);
  const std::size_t entities = total(in, counts);
  const List ids = takeList(in, entities);
  const Tracks tracks = tracksOf(ids);
  List columns[11];  // x y z vx vy vz flags, rotation x y z w
  for (std::size_t c = 0; c < std::size(columns); ++c) {
    const List packed = takeList(in, in.ok() ? entities : 0);
    if (in.ok()) columns[c] = restored(packed, tracks, c < 3);
  }
  std::size_t from = 0;
  for (std::size_t i = 0; in.ok() && i < n; ++i) {
    const auto count = static_cast<std::size_t>(counts[i]);
    EntityFrame f;
    f.process = process;
    f.rendered = rendered[i] != 0;
    f.tick = ticks[i];
    f.time = times[i];
    f.domain = domains[i];
    f.renderTick48_16 = static_cast<std::uint64_t>(renderTicks[i]);
    f.ids = cut<std::uint32_t>(ids, from, count);
    std::vector<std::int64_t>* const motion[] = {&f.x, &f.y, &f.z, &f.vx, &f.vy, &f.vz};
    for (std::size_t c = 0; c < 6; ++c) *motion[c] = cut<std::int64_t>(columns[c], from, count);
    f.flags = cut<std::uint32_t>(columns[6], from, count);
    f.rotation.resize(4 * count);
    for (std::size_t e = 0; e < 4 * count; ++e) {
      f.rotation[e] = static_cast<std::int16_t>(columns[7 + e % 4][from + e / 4]);
    }
    from += count;
    slots[i].envelope->event = std::move(f);
  }
  return finish(in, std::move(slots));
}

Bytes encodeFrames(Packer& packer, std::span<const Placed> blocks) {
  Bytes out;
  putPlaces(packer, blocks, out);
  putDomainsOf<FrameBlock>(blocks, out);
  putEach<FrameBlock>(packer, blocks, out, [](const auto& b) { return b.frames.size(); });
  packer.ints(joined<FrameBlock>(
                  blocks, [](const auto& b) -> const auto& { return b.frames; }),
              out);
  packer.ints(joined<FrameBlock>(
                  blocks, [](const auto& b) -> const auto& { return b.times; }),
              out);
  packer.ints(joined<FrameBlock>(
                  blocks, [](const auto& b) -> const auto& { return b.renderTicks48_16; }),
              out);
  packer.ints(joined<FrameBlock>(
                  blocks, [](const auto& b) -> const auto& { return b.predictedTicks; }),
              out);
  return out;
}

Result<std::vector<Placed>> decodeFrames(const AgentId& agent, const ingest::ProcessRef& process, ByteView bytes) {
  ByteReader in(bytes);
  std::vector<Slot> slots = takePlaces(in, agent);
  const std::size_t n = slots.size();
  const std::vector<std::string> domains = takeDomains(in, n);
  const List counts = takeList(in, n);
  const std::size_t rows = total(in, counts);
  const List frames = takeList(in, rows), times = takeList(in, rows);
  const List renderTicks = takeList(in, rows), predicted = takeList(in, rows);
  std::size_t from = 0;
  for (std::size_t i = 0; in.ok() && i < n; ++i) {
    const auto count = static_cast<std::size_t>(counts[i]);
    slots[i].envelope->event = FrameBlock{process,
                                          domains[i],
                                          cut<Tick>(frames, from, count),
                                          cut<TimeNs>(times, from, count),
                                          cut<std::uint64_t>(renderTicks, from, count),
                                          cut<Tick>(predicted, from, count)};
    from += count;
  }
  return finish(in, std::move(slots));
}

Bytes encodeRollups(Packer& packer, std::span<const Placed> rollups) {
  Bytes out;
  putPlaces(packer, rollups, out);
  putEach<Rollup>(packer, rollups, out, [](const auto& r) { return r.from; });
  putEach<Rollup>(packer, rollups, out, [](const auto& r) { return r.tick; });
  putEach<Rollup>(packer, rollups, out, [](const auto& r) { return r.rows.size(); });
  List series, counts;
  std::vector<double> values[5];
  for (const Placed& placed : rollups) {
    for (const ingest::RollupRow& row : get<Rollup>(placed).rows) {
      series.push_back(row.series.value);
      counts.push_back(static_cast<std::int64_t>(row.count));
      const double five[] = {row.min, row.max, row.mean, row.last, row.p99};
      for (std::size_t i = 0; i < 5; ++i) values[i].push_back(five[i]);
    }
  }
  packer.ints(series, out);
  packer.ints(counts, out);
  for (const auto& column : values) packer.doubles(column, out);
  return out;
}

Result<std::vector<Placed>> decodeRollups(const AgentId& agent, const ingest::ProcessRef& process, ByteView bytes) {
  ByteReader in(bytes);
  std::vector<Slot> slots = takePlaces(in, agent);
  const std::size_t n = slots.size();
  const List from = takeList(in, n), ticks = takeList(in, n), sizes = takeList(in, n);
  const std::size_t rows = total(in, sizes);
  const List series = takeList(in, rows), counts = takeList(in, rows);
  std::vector<double> values[5];
  for (auto& column : values) {
    column = unpackDoubles(in);
    if (column.size() != rows) in.spoil();
  }
  std::size_t at = 0;
  for (std::size_t i = 0; in.ok() && i < n; ++i) {
    Rollup rollup{process, from[i], ticks[i], {}};
    for (const std::size_t end = at + static_cast<std::size_t>(sizes[i]); at < end; ++at) {
      rollup.rows.push_back({SeriesIndex(static_cast<std::uint32_t>(series[at])),
                             static_cast<std::uint64_t>(counts[at]), values[0][at], values[1][at], values[2][at],
                             values[3][at], values[4][at]});
    }
    slots[i].envelope->event = std::move(rollup);
  }
  return finish(in, std::move(slots));
}

}  // namespace qd::recording
