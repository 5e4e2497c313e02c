// SPDX-License-Identifier: GPL-3.0-or-later
// Log lines and events of a session as a table, filtered: `kMost` of them, the newest, or those around the moment that
// is shown. It asks the log only when that changed, or when the moment leaves what is held, and grows by rows at its
// end, so that a reader's place and selection stand while lines stream in. UI thread.
#pragma once

#include <QAbstractTableModel>
#include <deque>

#include "core/ingest/event_log.h"

namespace qd::log {

// A line for a person about how serious a moment is, from its level and kind.
enum class Weight { Quiet, Normal, Warning, Alarm };
Weight weightOf(const ingest::Moment& moment);
// Lines that a rate limit swallowed just before this one.
std::uint64_t suppressedBefore(const ingest::Moment& moment);
QString kindName(ingest::MomentKind kind);

class MomentModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { TimeColumn, TickColumn, ProcessColumn, KindColumn, TextColumn, ColumnCount };
  enum Role { WeightRole = Qt::UserRole + 1, LaterRole, SuppressedRole };
  static constexpr std::size_t kMost = 10'000;

  explicit MomentModel(const ingest::EventLog& log, QObject* parent = nullptr);

  void setFilter(const ingest::MomentFilter& filter);
  const ingest::MomentFilter& filter() const { return filter_; }
  void refresh();           // asks the log, if it or the filter changed, or now() has left the rows
  void setNow(TimeNs now);  // rows after it are marked LaterRole; kNow-like large: none
  std::uint64_t suppressed() const { return suppressed_; }  // over the rows shown
  const ingest::Moment* at(int row) const;
  int rowAtOrBefore(TimeNs time) const;  // -1: all are later

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  void take(std::vector<ingest::Moment> next);
  bool holdsNow() const;
  void ask(TimeNs until);
  QVariant display(const ingest::Moment& moment, int column) const;

  const ingest::EventLog& log_;
  ingest::MomentFilter filter_;
  std::uint64_t revision_ = 0;
  bool dirty_ = true;
  std::deque<ingest::Moment> rows_;
  std::uint64_t suppressed_ = 0;
  TimeNs now_ = INT64_MAX;
  TimeNs until_ = INT64_MAX;  // rows after this were not asked for
};

}  // namespace qd::log
