// SPDX-License-Identifier: Apache-2.0
#include "core/recording/schema.h"

namespace qd::recording {
namespace {

constexpr TableSpec kTables[] = {
    {"meta", "CREATE TABLE meta(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value, hash INTEGER)"},
    {"agents", "CREATE TABLE agents(id INTEGER PRIMARY KEY, name TEXT NOT NULL, hash INTEGER)"},
    {"processes",
     "CREATE TABLE processes(id INTEGER PRIMARY KEY, agent INTEGER NOT NULL, process TEXT NOT NULL, "
     "instance INTEGER NOT NULL, hash INTEGER)"},
    {"declarations",
     "CREATE TABLE declarations(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, body TEXT NOT NULL, hash INTEGER)"},
    {"series",
     "CREATE TABLE series(id INTEGER PRIMARY KEY, process INTEGER NOT NULL, idx INTEGER NOT NULL, "
     "name TEXT NOT NULL, unit TEXT, integer INTEGER, scale INTEGER, dimensions TEXT, derived INTEGER, hash INTEGER)"},
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
    {"events",
     "CREATE TABLE events(id INTEGER PRIMARY KEY, ord INTEGER, at INTEGER, time INTEGER, tick INTEGER, "
     "kind TEXT NOT NULL, agent INTEGER, process TEXT, sequence INTEGER, previous INTEGER, received INTEGER, body TEXT "
     "NOT NULL, "
     "hash INTEGER)"},
};

constexpr TableSpec kHelpers[] = {
    {"columns_by_chunk", "CREATE INDEX columns_by_chunk ON columns(chunk)"},
    {"columns_by_series", "CREATE INDEX columns_by_series ON columns(process, idx)"},
    {"tails_by_process", "CREATE INDEX tails_by_process ON tails(process)"},
    {"events_by_place", "CREATE INDEX events_by_place ON events(at, ord)"},
    {"events_by_kind", "CREATE INDEX events_by_kind ON events(kind)"},
    {"log",
     "CREATE VIEW log AS SELECT datetime(time / 1000000000, 'unixepoch') AS utc, process, tick, "
     "json_extract(body, '$.level') AS level, json_extract(body, '$.category') AS category, "
     "json_extract(body, '$.text') AS text FROM events WHERE kind = 'log' ORDER BY at, ord"},
    {"overview",
     "CREATE VIEW overview AS SELECT p.process, s.name, s.unit, sum(c.n) AS points, "
     "min(c.min) / pow(10, s.scale) AS min, max(c.max) / pow(10, s.scale) AS max "
     "FROM columns c JOIN processes p ON p.id = c.process JOIN series s ON s.process = c.process AND s.idx = c.idx "
     "GROUP BY s.id"},
};

}  // namespace

std::span<const TableSpec> tables() {
  return kTables;
}

std::span<const TableSpec> helpers() {
  return kHelpers;
}

}  // namespace qd::recording
