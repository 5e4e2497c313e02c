// SPDX-License-Identifier: GPL-3.0-or-later
// The world of the selected process as of the view's moment, live, frozen or recorded: what its server had against what
// its editors drew, where the followed player went, and how the shots of the last moments were judged. UI thread only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/netcode/world_history.h"
#include "widgets/base/panel.h"

class QToolButton;

namespace qd::widgets {

namespace world {
class WorldView;
struct Picture;
struct Surroundings;
}  // namespace world

class WorldPanel final : public Panel {
  Q_OBJECT
 public:
  explicit WorldPanel(const SessionContext& context, QWidget* parent = nullptr);
  ~WorldPanel() override;

 Q_SIGNALS:
  void attachRequested();

 protected:
  void refresh(bool second) override;

 private:
  enum class Action { None, Attach, Nearest };

  QToolButton* addToggle(const QString& text, const QString& tip);
  ProcessId server() const;
  void declareInterest();  // poses are asked for only while they are looked at
  std::optional<std::uint32_t> chosen(const ProcessId& server) const;
  world::Surroundings surroundings(const ProcessId& server) const;
  void pick(std::optional<std::uint32_t> entity);
  void showChosen();
  void learnNames(const ProcessId& server);
  bool takeFrames(const ProcessId& server, TimeNs now);  // false: nothing to draw at this moment
  void addTrails(world::Picture& picture, TimeNs now) const;
  void addShots(world::Picture& picture, TimeNs now) const;
  void explainEmptiness(const ProcessId& server, TimeNs now);
  void act();

  world::WorldView* view_;
  EmptyState* empty_;
  QToolButton* follow_;
  QToolButton* trails_;
  QToolButton* shots_;
  // What is drawn now: unchanged frames are not drawn again.
  netcode::EntityFramePtr shown_;
  std::vector<netcode::EntityFramePtr> drawn_;
  std::vector<ProcessId> editors_;
  bool dirty_ = true;
  TimeNs drawnAt_ = 0, namesUpTo_ = 0;
  ProcessId namesOf_;
  std::map<std::uint32_t, std::string> names_;
  Action action_ = Action::Attach;
  TimeNs nearest_ = 0;
};

}  // namespace qd::widgets
