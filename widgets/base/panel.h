// SPDX-License-Identifier: GPL-3.0-or-later
// What every panel has in common: a title bar with the process that it shows and a pin, the rule "follow the selection
// unless pinned", and the rule "pull on the frame tick, only while visible". Derive, give it a content widget, override
// refresh(). The title bar may be handed to QDockWidget::setTitleBarWidget(). UI thread only.
#pragma once

#include <QWidget>

#include "core/base/ids.h"
#include "widgets/base/session_context.h"

class QHBoxLayout;
class QLabel;
class QStackedLayout;
class QToolButton;
class QVBoxLayout;

namespace qd::widgets {

class EmptyState;

class Panel : public QWidget {
  Q_OBJECT
 public:
  Panel(const QString& title, const SessionContext& context, QWidget* parent = nullptr);

  QWidget* titleBar() const { return titleBar_; }
  const ProcessId& process() const { return process_; }  // shown here: the selected one, or the pinned one
  bool isPinned() const { return pinned_; }
  void setPinned(bool pinned);

 Q_SIGNALS:
  void processChanged();

 protected:
  const SessionContext& context() const { return context_; }
  void setContent(QWidget* content);  // adopts the EmptyStates that are children of the panel, hidden
  void addToTitle(QWidget* widget);   // right of the title, left of the pin
  void setSubtitle(const QString& text);
  // Shows `empty` in place of the content; null: the content.
  void showEmpty(EmptyState* empty);
  // On each frame while visible; `second` about once a second.
  virtual void refresh(bool second) = 0;
  // The pin follows the theme; overriders call the base.
  void changeEvent(QEvent* event) override;

 private:
  void follow();
  void updatePin();

  SessionContext context_;
  ProcessId process_;
  bool pinned_ = false;
  QWidget* titleBar_;
  QLabel* title_;
  QLabel* subtitle_;
  QHBoxLayout* extras_;
  QToolButton* pin_;
  QStackedLayout* stack_;
  QWidget* content_ = nullptr;
};

}  // namespace qd::widgets
