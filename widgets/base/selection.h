// SPDX-License-Identifier: GPL-3.0-or-later
// What the operator has selected; every panel follows it unless pinned. UI thread only.
#pragma once

#include <QObject>
#include <QString>
#include <optional>

#include "core/base/ids.h"

namespace qd::widgets {

// A player whom every panel follows, whichever process of that world is selected.
struct FollowedPlayer {
  ProcessId server;
  std::uint32_t id = 0;  // client of the server and entity of its world
  bool operator==(const FollowedPlayer&) const = default;
};

class Selection final : public QObject {
  Q_OBJECT
 public:
  explicit Selection(QObject* parent = nullptr) : QObject(parent) {}

  ProcessId process() const { return process_; }                   // empty: nothing yet
  std::optional<std::uint32_t> entity() const { return entity_; }  // a player or NPC of that process's world
  const std::optional<FollowedPlayer>& player() const { return player_; }
  std::optional<std::uint32_t> playerOn(const ProcessId& server) const;  // the followed one, if it plays there
  const QString& hit() const { return hit_; }                            // id of the hit whose bundle is shown

 public Q_SLOTS:
  void setProcess(const qd::ProcessId& process);
  void setEntity(std::optional<std::uint32_t> entity);
  void setPlayer(const std::optional<qd::widgets::FollowedPlayer>& player);
  void setHit(const QString& id);

 Q_SIGNALS:
  void processChanged();
  void entityChanged();
  void playerChanged();
  void hitChanged();

 private:
  ProcessId process_;
  std::optional<std::uint32_t> entity_;
  std::optional<FollowedPlayer> player_;
  QString hit_;
};

}  // namespace qd::widgets
