// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/selection.h"

namespace qd::widgets {

void Selection::setProcess(const ProcessId& process) {
  if (process == process_) return;
  process_ = process;
  const bool hadEntity = entity_.has_value();
  entity_.reset();  // an entity belongs to the world of one process
  Q_EMIT processChanged();
  if (hadEntity) Q_EMIT entityChanged();
}

void Selection::setEntity(std::optional<std::uint32_t> entity) {
  if (entity == entity_) return;
  entity_ = entity;
  Q_EMIT entityChanged();
}

void Selection::setPlayer(const std::optional<FollowedPlayer>& player) {
  if (player == player_) return;
  player_ = player;
  Q_EMIT playerChanged();
  setEntity(player ? std::optional(player->id) : std::nullopt);
}

std::optional<std::uint32_t> Selection::playerOn(const ProcessId& server) const {
  return player_ && player_->server == server ? std::optional(player_->id) : std::nullopt;
}

void Selection::setHit(const QString& id) {
  if (id == hit_) return;
  hit_ = id;
  Q_EMIT hitChanged();
}

}  // namespace qd::widgets
