// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/actions.h"

#include <QCoreApplication>
#include <QWidget>

namespace qd::console {
namespace {

enum Needs { Nothing, ASession, Commands, Marks };

QString tr(const char* text) {
  return QCoreApplication::translate("Actions", text);
}

}  // namespace

Actions::Actions(QWidget* window) : window_(window) {
  stage = add(tr("Try the stage"), {}, tr("Start the reference game here and attach to it"), Nothing);
  attach =
      add(tr("Attach…"), QKeySequence(QStringLiteral("Ctrl+O")), tr("Connect to the agents of a cluster"), Nothing);
  open = add(tr("Open recording…"), QKeySequence(QStringLiteral("Ctrl+Shift+O")), tr("Look at a session of before"),
             Nothing);
  close = add(tr("Close session"), QKeySequence(QStringLiteral("Ctrl+W")), tr("Back to the start page"), ASession);
  keepRecording = add(tr("Keep this recording"), {}, tr("Never thrown away with the rolling ones"), ASession);
  keepRecording->setCheckable(true);
  keepStretch = add(tr("Keep this stretch…"), QKeySequence(Qt::Key_K),
                    tr("What is repeated, else what the plots show, as a session with a name, for good"), ASession);
  makeTimeActions();
  makeChangeActions();
  palette = add(tr("Commands  Ctrl+K"), QKeySequence(QStringLiteral("Ctrl+K")),
                tr("Everything that can be done, by name"), Nothing);
  theme = add(tr("Switch between dark and light theme"), {}, {}, Nothing);
  resetLayout = add(tr("Reset the layout"), {}, tr("Every panel back to its first place"), ASession);
  quit = add(tr("Quit"), QKeySequence(QStringLiteral("Ctrl+Q")), {}, Nothing);
  apply({});
}

QAction* Actions::add(const QString& text, const QKeySequence& key, const QString& tip, int needs) {
  auto* action = new QAction(text, window_);
  if (!key.isEmpty()) action->setShortcut(key);
  const QString keyText =
      key.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(key.toString(QKeySequence::NativeText));
  action->setToolTip((tip.isEmpty() ? text : tip) + keyText);
  action->setData(needs);
  window_->addAction(action);
  all_.append(action);
  return action;
}

void Actions::makeTimeActions() {
  freeze = add(tr("Freeze"), QKeySequence(Qt::Key_Space),
               tr("Freeze the view, or let it run; nothing stops being recorded"), ASession);
  live = add(tr("Back to live"), QKeySequence(Qt::Key_Escape), tr("To the live edge; in a recording to its end"),
             ASession);
  mark = add(tr("Mark"), QKeySequence(Qt::Key_B), tr("Set a bookmark at the shown moment"), Marks);
  goTo = add(tr("Go to tick or time…"), QKeySequence(Qt::Key_G), {}, ASession);
  why = add(tr("Why did it stutter here?"), QKeySequence(Qt::Key_W),
            tr("The layer that went wrong first around the shown moment"), ASession);
  tickBack = add(tr("One tick back"), QKeySequence(Qt::Key_Left), {}, ASession);
  tickForward = add(tr("One tick forward"), QKeySequence(Qt::Key_Right), {}, ASession);
  secondBack = add(tr("One second back"), QKeySequence(QStringLiteral("Shift+Left")), {}, ASession);
  secondForward = add(tr("One second forward"), QKeySequence(QStringLiteral("Shift+Right")), {}, ASession);
  eventBack = add(tr("To the event before"), QKeySequence(QStringLiteral("Ctrl+Left")),
                  tr("Push, hit, stop, mark, bookmark or alert"), ASession);
  eventForward = add(tr("To the next event"), QKeySequence(QStringLiteral("Ctrl+Right")),
                     tr("Push, hit, stop, mark, bookmark or alert"), ASession);
  loop = add(tr("Repeat this stretch, or end that"), QKeySequence(Qt::Key_L),
             tr("What the plots show, or what was dragged with Shift on the timeline"), ASession);
  slower = add(tr("Play slower"), QKeySequence(Qt::Key_BracketLeft), {}, ASession);
  faster = add(tr("Play faster"), QKeySequence(Qt::Key_BracketRight), {}, ASession);
  configuration = add(tr("Configuration at this moment…"), QKeySequence(QStringLiteral("Ctrl+I")),
                      tr("Every parameter as it was then, who set it, and what was armed"), ASession);
  axis = add(tr("Switch between time and tick axis"), {}, {}, ASession);
}

void Actions::makeChangeActions() {
  review = add(tr("Review changes, then push"), QKeySequence(QStringLiteral("Ctrl+Return")), {}, Commands);
  revert = add(tr("Revert last push"), QKeySequence(QStringLiteral("Ctrl+Shift+R")),
               tr("Put back what the last push changed, where it still stands"), Commands);
  halt = add(tr("■ HALT ROLLOUTS"), QKeySequence(QStringLiteral("Shift+Esc")),
             tr("Stop every rollout that is under way"), Commands);
  resume = add(tr("Continue everything that is stopped"), QKeySequence(Qt::Key_F5), {}, Commands);
  breakpoint = add(tr("Set or clear a breakpoint"), QKeySequence(Qt::Key_F9), {}, Commands);
  step = add(tr("Step one tick"), QKeySequence(Qt::Key_F10), tr("Of the stopped group, at a site"), Commands);
}

void Actions::apply(const State& state) {
  for (QAction* action : all_) {
    const int needs = action->data().toInt();
    action->setEnabled(needs == Nothing || (needs == ASession && state.session) ||
                       (needs == Commands && state.commands) ||
                       (needs == Marks && (state.commands || state.recording)));
  }
}

}  // namespace qd::console
