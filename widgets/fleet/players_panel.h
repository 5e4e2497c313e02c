// SPDX-License-Identifier: GPL-3.0-or-later
// The players of the selected server (of an editor's server, when an editor is selected), from its series with a
// `client` dimension. Choosing one selects the player's entity. UI thread.
#pragma once

#include "core/ingest/directory.h"
#include "widgets/base/panel.h"

class QTableView;

namespace qd::widgets {
class EmptyState;
}

namespace qd::fleet {

class PlayerModel;

class PlayersPanel final : public widgets::Panel {
  Q_OBJECT
 public:
  explicit PlayersPanel(const widgets::SessionContext& context, QWidget* parent = nullptr);

 protected:
  void refresh(bool second) override;

 private:
  ProcessId server() const;
  void showSelection();

  PlayerModel* model_;
  QTableView* table_;
  widgets::EmptyState* empty_;
};

}  // namespace qd::fleet
