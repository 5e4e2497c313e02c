// SPDX-License-Identifier: Apache-2.0
#include "core/recording/schema.h"

namespace qd::recording {
namespace {

constexpr TableSpec kMeta{"meta",
                          "CREATE TABLE meta(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value, hash INTEGER)"};
constexpr TableSpec kAgents{"agents", "CREATE TABLE agents(id INTEGER PRIMARY KEY, name TEXT NOT NULL, hash INTEGER)"};
constexpr TableSpec kProcesses{
    "processes",
    "CREATE TABLE processes(id INTEGER PRIMARY KEY, agent INTEGER NOT NULL, process TEXT NOT NULL, "
    "instance INTEGER NOT NULL, hash INTEGER)"};
constexpr TableSpec kDeclarations{
    "declarations",
    "CREATE TABLE declarations(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, body TEXT NOT NULL, hash INTEGER)"};
constexpr TableSpec kSeries{
    "series",
    "CREATE TABLE series(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, idx INTEGER NOT NULL, "
    "name TEXT NOT NULL, unit TEXT, integer INTEGER, scale INTEGER, dimensions TEXT, derived INTEGER, hash INTEGER)"};
constexpr TableSpec kEvents{
    "events",
    "CREATE TABLE events(id INTEGER PRIMARY KEY, ord INTEGER, at INTEGER, time INTEGER, tick INTEGER, "
    "kind TEXT NOT NULL, agent INTEGER, process TEXT, sequence INTEGER, previous INTEGER, received INTEGER, body TEXT "
    "NOT NULL, "
    "hash INTEGER)"};

constexpr TableSpec kLog{"log",
                         "CREATE VIEW log AS SELECT datetime(time / 1000000000, 'unixepoch') AS utc, process, tick, "
                         "json_extract(body, '$.level') AS level, json_extract(body, '$.category') AS category, "
                         "json_extract(body, '$.text') AS text FROM events WHERE kind = 'log' ORDER BY at, ord"};
constexpr TableSpec kOverview{
    "overview",
    "CREATE VIEW overview AS SELECT p.process, s.name, s.unit, sum(c.n) AS points, "
    "min(c.min) / pow(10, s.scale) AS min, max(c.max) / pow(10, s.scale) AS max "
    "FROM columns c JOIN processes p ON p.id = c.process JOIN series s ON s.process = c.process AND s.idx = c.idx "
    "GROUP BY s.id"};

constexpr TableSpec kTables1[] = {
    kMeta,
    kAgents,
    kProcesses,
    kDeclarations,
    kSeries,
    {"chunks",
     "CREATE TABLE chunks(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, ring INTEGER, ord INTEGER, at INTEGER, "
     "time_min INTEGER, time_max INTEGER, tick_min INTEGER, tick_max INTEGER, blocks INTEGER, rows INTEGER, "
     "points INTEGER, columns INTEGER, body BLOB, hash INTEGER)"},
    {"columns",
     "CREATE TABLE columns(id INTEGER PRIMARY KEY, chunk INTEGER NOT NULL, process INTEGER NOT NULL, "
     "idx INTEGER NOT NULL, is_double INTEGER, n INTEGER, min, max, mean, pyramid BLOB, body BLOB, hash INTEGER)"},
    {"tails",
     "CREATE TABLE tails(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, ord INTEGER, at INTEGER, "
     "time_min INTEGER, time_max INTEGER, points INTEGER, body BLOB, hash INTEGER)"},
    {"frames",
     "CREATE TABLE frames(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, kind TEXT NOT NULL, ord INTEGER, "
     "at INTEGER, time_min INTEGER, time_max INTEGER, n INTEGER, body BLOB, hash INTEGER)"},
    kEvents,
};

constexpr TableSpec kHelpers1[] = {
    {"columns_by_chunk", "CREATE INDEX columns_by_chunk ON columns(chunk)"},
    {"columns_by_series", "CREATE INDEX columns_by_series ON columns(process, idx)"},
    {"tails_by_process", "CREATE INDEX tails_by_process ON tails(process)"},
    {"events_by_place", "CREATE INDEX events_by_place ON events(at, ord)"},
    {"events_by_kind", "CREATE INDEX events_by_kind ON events(kind)"},
    kLog,
    kOverview,
};

constexpr TableSpec kTables2[] = {
    kMeta,
    kAgents,
    kProcesses,
    kDeclarations,
    kSeries,
    {"chunks",
     "CREATE TABLE chunks(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, ring INTEGER, ord INTEGER, "
     "ord_max INTEGER, at INTEGER, at_max INTEGER, time_min INTEGER, time_max INTEGER, tick_min INTEGER, "
     "tick_max INTEGER, blocks INTEGER, rows INTEGER, points INTEGER, dropped INTEGER, columns INTEGER, "
     "first_column INTEGER, marks BLOB, body BLOB, hash INTEGER)"},
    {"columns",
     "CREATE TABLE columns(id INTEGER PRIMARY KEY, chunk INTEGER NOT NULL, process INTEGER NOT NULL, "
     "idx INTEGER NOT NULL, is_double INTEGER, n INTEGER, count INTEGER, min, max, mean, last, sketch BLOB, "
     "pyramid BLOB, body BLOB, hash INTEGER)"},
    {"summaries",
     "CREATE TABLE summaries(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, idx INTEGER NOT NULL, "
     "is_double INTEGER, level INTEGER NOT NULL, first_chunk INTEGER, last_chunk INTEGER, n INTEGER, count INTEGER, "
     "min, max, mean, last, time_min INTEGER, time_max INTEGER, tick_min INTEGER, tick_max INTEGER, sketch BLOB, "
     "body BLOB, hash INTEGER)"},
    {"totals",
     "CREATE TABLE totals(id INTEGER PRIMARY KEY, points INTEGER, integers INTEGER, integer_bytes INTEGER, "
     "double_bytes INTEGER, head_bytes INTEGER, chunks INTEGER, frames INTEGER, time_min INTEGER, time_max INTEGER, "
     "tick_min INTEGER, tick_max INTEGER, body BLOB, hash INTEGER)"},
    {"tails",
     "CREATE TABLE tails(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, ord INTEGER, ord_max INTEGER, at INTEGER, "
     "at_max INTEGER, time_min INTEGER, time_max INTEGER, tick_min INTEGER, tick_max INTEGER, points INTEGER, "
     "body BLOB, hash INTEGER)"},
    {"frames",
     "CREATE TABLE frames(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, kind TEXT NOT NULL, ord INTEGER, "
     "ord_max INTEGER, at INTEGER, at_max INTEGER, time_min INTEGER, time_max INTEGER, tick_min INTEGER, "
     "tick_max INTEGER, n INTEGER, body BLOB, hash INTEGER)"},
    kEvents,
};

constexpr TableSpec kHelpers2[] = {
    {"chunks_by_time", "CREATE INDEX chunks_by_time ON chunks(process, time_max, time_min)"},
    {"chunks_by_tick", "CREATE INDEX chunks_by_tick ON chunks(process, tick_max, tick_min)"},
    {"chunks_by_place", "CREATE INDEX chunks_by_place ON chunks(at, at_max)"},
    {"columns_by_series", "CREATE INDEX columns_by_series ON columns(process, idx, chunk)"},
    {"summaries_by_series", "CREATE INDEX summaries_by_series ON summaries(process, idx, level, first_chunk)"},
    {"tails_by_process", "CREATE INDEX tails_by_process ON tails(process)"},
    {"frames_by_place", "CREATE INDEX frames_by_place ON frames(at, at_max)"},
    {"frames_by_time", "CREATE INDEX frames_by_time ON frames(process, kind, time_max, time_min)"},
    {"events_by_place", "CREATE INDEX events_by_place ON events(at, ord)"},
    {"events_by_kind", "CREATE INDEX events_by_kind ON events(kind, at, ord)"},
    kLog,
    kOverview,
};

constexpr Layout kLayout1{{4, 12, -1, -1, 13}, {9, 10}, {3, 7}, {4, 8}};
constexpr Layout kLayout2{{5, 15, 16, 17, 18}, {12, 13}, {4, 11}, {5, 12}};

}  // namespace

std::span<const TableSpec> tables(int format) {
  if (format == 1) return kTables1;
  return format == 2 || format == kFormat ? std::span<const TableSpec>(kTables2) : std::span<const TableSpec>();
}

std::span<const TableSpec> helpers(int format) {
  if (format == 1) return kHelpers1;
  return format == 2 || format == kFormat ? std::span<const TableSpec>(kHelpers2) : std::span<const TableSpec>();
}

const Layout& layout(int format) {
  return format == 1 ? kLayout1 : kLayout2;
}

}  // namespace qd::recording
