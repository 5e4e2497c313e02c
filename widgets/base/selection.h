// SPDX-License-Identifier: GPL-3.0-or-later
// What the operator has selected; every panel follows it unless pinned. UI thread only.
#pragma once

#include <QObject>
#include <QString>
#include <optional>

#include "core/base/ids.h"

namespace qd::widgets {

class Selection final : public QObject {
  Q_OBJECT
 public:
  explicit Selection(QObject* parent = nullptr) : QObject(parent) {}

  ProcessId process() const { return process_; }                   // empty: nothing yet
  std::optional<std::uint32_t> entity() const { return entity_; }  // a player or NPC of that process's world
  const QString& hit() const { return hit_; }                      // id of the hit whose bundle is shown

 public Q_SLOTS:
  void setProcess(const qd::ProcessId& process);
  void setEntity(std::optional<std::uint32_t> entity);
  void setHit(const QString& id);

 Q_SIGNALS:
  void processChanged();
  void entityChanged();
  void hitChanged();

 private:
  ProcessId process_;
  std::optional<std::uint32_t> entity_;
  QString hit_;
};

}  // namespace qd::widgets
