// SPDX-License-Identifier: GPL-3.0-or-later
// The world of the selected process as of the view's moment: what its server had against what its editors drew.
// UI thread only.
#pragma once

#include <vector>

#include "core/netcode/world_history.h"
#include "widgets/base/panel.h"

namespace qd::widgets {

namespace world {
class WorldView;
struct Surroundings;
}  // namespace world

class WorldPanel final : public Panel {
  Q_OBJECT
 public:
  explicit WorldPanel(const SessionContext& context, QWidget* parent = nullptr);

 Q_SIGNALS:
  void attachRequested();

 protected:
  void refresh(bool second) override;

 private:
  ProcessId server() const;
  world::Surroundings surroundings(const ProcessId& server) const;

  world::WorldView* view_;
  EmptyState* empty_;
  // What is drawn now: unchanged frames are not drawn again.
  netcode::EntityFramePtr shown_;
  std::vector<netcode::EntityFramePtr> drawn_;
  TimeNs drawnAt_ = 0;
};

}  // namespace qd::widgets
