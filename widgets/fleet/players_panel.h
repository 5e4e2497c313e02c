// SPDX-License-Identifier: GPL-3.0-or-later
// The players of the selected server (of an editor's server, when an editor is selected), from its series with a
// `client` dimension. Choosing one makes every panel follow that player. UI thread.
#pragma once

#include <map>
#include <string>

#include "core/ingest/directory.h"
#include "widgets/base/panel.h"

class QTableView;
class QToolButton;

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
  void makeTable();
  void learnNames(const ProcessId& server);
  void chooseColumns(QPoint at);
  void choose(int row);
  void showSelection();

  PlayerModel* model_;
  QTableView* table_;
  QToolButton* unfollow_;
  widgets::EmptyState* empty_;
  std::map<std::uint32_t, std::string> names_;
  ProcessId namesOf_;
  TimeNs namesUpTo_ = 0;
};

}  // namespace qd::fleet
