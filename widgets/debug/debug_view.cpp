// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/debug/debug_view.h"

#include <QCoreApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSplitter>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "core/breakpoints/registry_view.h"
#include "core/ingest/directory.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/format.h"
#include "widgets/base/moment_to_show.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"
#include "widgets/debug/process_pane.h"

namespace qd::widgets {
namespace {

constexpr int kIdRole = Qt::UserRole;
constexpr TimeNs kAround = 5 * kNsPerSecond;  // the plots beside a hit: so much before and after

QString qt(const std::string& text) {
  return QString::fromStdString(text);
}

bool standing(const ingest::LinkGroup& group) {
  return group.state != ingest::GroupState::Running && group.state != ingest::GroupState::Resuming;
}

}  // namespace

DebugView::DebugView(const SessionContext& context, QWidget* parent)
    : Panel(tr("Debug"), context, parent),
      empty_(new EmptyState(tr("Nothing to debug yet"),
                            tr("Attach to a game; its agent says by --debugger which debugger a process may have."))),
      content_(new QWidget),
      state_(new QLabel),
      hits_(new QTreeWidget) {
  setObjectName(QStringLiteral("debugView"));
  build();
  setContent(content_);
  showEmpty(empty_);
  connect(hits_, &QTreeWidget::itemClicked, this, [this](QTreeWidgetItem* item) {
    const QString id = item->data(0, kIdRole).toString();
    this->context().selection.setHit(id);
    const auto hit = this->context().breakpoints.hit(id.toStdString());
    if (!hit) return;
    this->context().clock.setSpan(2 * kAround);
    this->context().clock.goTo(momentToShow(this->context().breakpoints, hit->id, hit->time));
  });
  connect(&this->context().selection, &Selection::hitChanged, this, [this] { revision_ = 0; });
  connect(this, &Panel::processChanged, this, [this] { revision_ = 0; });
}

QPushButton* DebugView::button(const QString& text, const QString& key, void (DebugView::*act)()) {
  auto* made = new QPushButton(key.isEmpty() ? text : QStringLiteral("%1  %2").arg(text, key));
  made->setFocusPolicy(Qt::NoFocus);
  connect(made, &QPushButton::clicked, this, act);
  buttons_.push_back(made);
  return made;
}

void DebugView::build() {
  auto* bar = new QHBoxLayout;
  bar->setSpacing(kGap);
  bar->addWidget(button(tr("Continue all"), QStringLiteral("F5"), &DebugView::continueAll));
  bar->addWidget(button(tr("Continue one"), {}, &DebugView::continueOne));
  bar->addWidget(button(tr("Over"), QStringLiteral("F10"), &DebugView::stepOver));
  bar->addWidget(button(tr("Into"), QStringLiteral("F11"), &DebugView::stepInto));
  bar->addWidget(button(tr("Out"), QStringLiteral("⇧F11"), &DebugView::stepOut));
  bar->addWidget(button(tr("One tick"), {}, &DebugView::stepTick));
  bar->addStretch(1);
  state_->setFont(numberFont(kTextPx));
  state_->setWordWrap(true);
  state_->setObjectName(QStringLiteral("debugState"));
  hits_->setObjectName(QStringLiteral("debugHits"));
  hits_->setHeaderLabels({tr("Hit"), tr("Tick")});
  hits_->setRootIsDecorated(false);
  hits_->setUniformRowHeights(true);
  hits_->header()->setStretchLastSection(false);
  hits_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  hits_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  auto* panes = new QSplitter(Qt::Horizontal);
  panes->setChildrenCollapsible(false);
  panes->addWidget(hits_);
  for (int i = 0; i < 2; ++i) {
    auto* pane = new ProcessPane(context());
    pane->setObjectName(QStringLiteral("pane%1").arg(i));
    connect(pane, &ProcessPane::activated, this, [this, pane] { use(pane); });
    connect(pane, &ProcessPane::toggled, this,
            [this, pane](const QString& file, int line) { toggle(pane->process(), file, line); });
    panes->addWidget(pane);
    panes_.push_back(pane);
  }
  panes->setSizes({150, 400, 400});
  panes->setStretchFactor(1, 1);
  panes->setStretchFactor(2, 1);
  auto* layout = new QVBoxLayout(content_);
  layout->setContentsMargins(kPad, kGap, kPad, kPad);
  layout->setSpacing(kGap);
  layout->addLayout(bar);
  layout->addWidget(state_);
  layout->addWidget(panes, 1);
  used_ = panes_.front();
}

std::optional<ingest::LinkGroup> DebugView::groupNow() const {
  const bool now = !context().replay && context().clock.mode() == ViewClock::Mode::Live;
  if (const auto stopped = context().breakpoints.stopped(now || !context().replay ? breakpoints::RegistryView::kNow
                                                                                  : context().clock.now())) {
    return stopped;
  }
  for (const auto& group : context().breakpoints.groups()) {
    if (std::ranges::any_of(group.members, [&](const auto& m) { return m.process == process(); })) return group;
  }
  return std::nullopt;
}

// Who is shown: of the chosen hit, else of the group, else the selected process and its editor.
std::vector<ProcessId> DebugView::processes() const {
  std::vector<ProcessId> out;
  const auto add = [&](const ProcessId& id) {
    if (!id.value.empty() && std::ranges::find(out, id) == out.end()) out.push_back(id);
  };
  const auto hit = context().breakpoints.hit(context().selection.hit().toStdString());
  const auto group = groupNow();
  if (hit) {
    for (const auto& member : hit->members) add(member.state.process);
  } else if (group) {
    for (const auto& member : group->members) add(member.process);
  } else {
    add(process());
    for (const ProcessId& editor : context().directory.editorsOf(process())) add(editor);
    for (const auto& info : context().directory.processes()) {
      if (info->state != ingest::ProcessState::Gone) add(info->id);
    }
  }
  // Servers left, whoever hit: nothing jumps from side to side.
  std::ranges::stable_partition(out, [&](const ProcessId& id) {
    const auto info = context().directory.process(id);
    return info && info->kind == ingest::ProcessKind::Server;
  });
  if (out.size() > panes_.size()) out.resize(panes_.size());
  return out;
}

void DebugView::refresh(bool second) {
  for (ProcessPane* pane : panes_) pane->refreshMarks();
  const std::uint64_t revision = context().breakpoints.revision();
  if (revision == revision_ && !second) return;
  const bool news = revision != revision_;
  revision_ = revision;
  const std::vector<ProcessId> shown = processes();
  showEmpty(shown.empty() ? empty_ : nullptr);
  for (std::size_t i = 0; i < panes_.size(); ++i) {
    panes_[i]->setVisible(i < shown.size());
    if (i < shown.size()) panes_[i]->setProcess(shown[i]);
  }
  if (news) fillHits();
  const auto group = groupNow();
  state_->setText(runsText(group));
  showHit();
  const bool can = context().commands != nullptr && group && standing(*group);
  for (QPushButton* one : buttons_) one->setEnabled(can);
}

void DebugView::fillHits() {
  const auto hits = context().breakpoints.hits();
  const auto known = context().breakpoints.breakpoints();
  const QSignalBlocker quiet(hits_);
  hits_->clear();
  for (const ingest::Hit& hit : hits) {
    const auto at = std::ranges::find(known, hit.breakpoint, &ingest::Breakpoint::id);
    QString place = qt(hit.cause);
    if (at != known.end()) {
      place = qt(at->site).section(QLatin1Char('/'), -1);
      if (at->line > 0) place += QStringLiteral(":%1").arg(at->line);
    }
    auto* item = new QTreeWidgetItem({place, formatTick(hit.tick)});
    item->setToolTip(0, tr("%1 in %2, %3").arg(place, qt(hit.leader.value), formatUtc(hit.time)));
    item->setData(0, kIdRole, qt(hit.id));
    hits_->insertTopLevelItem(0, item);
    if (qt(hit.id) == context().selection.hit()) hits_->setCurrentItem(item);
  }
  hitsShown_ = hits.size();
}

void DebugView::showHit() {
  const auto group = groupNow();
  std::string id = context().selection.hit().toStdString();
  if (id.empty() && group) id = group->hitId;
  const auto hit = context().breakpoints.hit(id);
  const bool live = hit && group && standing(*group) && group->hitId == hit->id;
  std::optional<ingest::Hit> before;
  for (const ingest::Hit& other : context().breakpoints.hits()) {
    if (hit && other.id == hit->id) break;
    before = other;
  }
  for (ProcessPane* pane : panes_) {
    pane->setStanding(standingText(pane->process()));
    if (hit) pane->showHit(*hit, live, before);
  }
}

QString DebugView::standingText(const ProcessId& process) const {
  const auto group = groupNow();
  if (!group) return {};
  const auto member = std::ranges::find(group->members, process, &ingest::GroupMember::process);
  if (member == group->members.end()) return tr("not linked: it runs on");
  switch (member->state) {
    case ingest::MemberState::Running:
      return tr("runs");
    case ingest::MemberState::Stopping:
      return tr("is being stopped");
    case ingest::MemberState::Resuming:
      return tr("is running on");
    case ingest::MemberState::Wedged:
      return tr("does not answer");
    case ingest::MemberState::Exited:
      return tr("is gone");
    case ingest::MemberState::Stopped:
      break;
  }
  const bool frozen = member->ack == ingest::StopAck::Frozen;
  const QString at = (frozen ? tr("frozen at tick %1, its debugger has not answered yet") : tr("stands at tick %1"))
                         .arg(formatTick(member->tick));
  if (process == group->leader) return at + tr(", hit it");
  return at + tr(", skew %1 ticks, %2")
                  .arg(member->skewTicks)
                  .arg(formatValue(static_cast<double>(member->skewNs) / 1e6, "ms"));
}

// Who stands and who runs, in one line that is always there.
QString DebugView::runsText(const std::optional<ingest::LinkGroup>& group) const {
  QStringList stand, run;
  for (const auto& info : context().directory.processes()) {
    if (info->state == ingest::ProcessState::Gone) continue;
    bool stands = false;
    if (group && standing(*group)) {
      const auto member = std::ranges::find(group->members, info->id, &ingest::GroupMember::process);
      stands = member != group->members.end() && member->state == ingest::MemberState::Stopped;
    }
    (stands ? stand : run) << qt(info->id.value);
  }
  QString text = stand.isEmpty() ? tr("Nobody stands.") : tr("Stands: %1.").arg(stand.join(QStringLiteral(", ")));
  text += QLatin1Char(' ');
  text += run.isEmpty() ? tr("Nobody else runs.") : tr("Runs: %1.").arg(run.join(QStringLiteral(", ")));
  if (group && standing(*group) && !group->reason.empty()) text += QStringLiteral("  ") + qt(group->reason);
  return text;
}

void DebugView::use(ProcessPane* pane) {
  used_ = pane;
}

// --- orders ----------------------------------------------------------------------------------------------------------

control::DebugDone DebugView::told() {
  return [guard = QPointer<DebugView>(this)](const Result<std::string>& answer) {
    if (answer) return;
    QMetaObject::invokeMethod(QCoreApplication::instance(), [guard, why = qt(answer.error().message)] {
      if (guard != nullptr) Q_EMIT guard->said(why, true);
    });
  };
}

void DebugView::continueAll() {
  if (context().commands != nullptr) context().commands->resume({}, told());
}

void DebugView::continueOne() {
  const auto group = groupNow();
  if (context().commands != nullptr && group && used_) {
    context().commands->resumeOne(group->id, used_->process(), told());
  }
}

void DebugView::step(control::StepHow how) {
  const auto group = groupNow();
  if (context().commands == nullptr || !used_) return;
  if (!group || !standing(*group)) {
    Q_EMIT said(tr("Nothing is stopped: a step needs a process that stands."), true);
    return;
  }
  context().commands->stepSource(group->id, used_->process(), how, used_->thread(), told());
}

void DebugView::stepOver() {
  step(control::StepHow::Over);
}
void DebugView::stepInto() {
  step(control::StepHow::Into);
}
void DebugView::stepOut() {
  step(control::StepHow::Out);
}

void DebugView::stepTick() {
  const auto group = groupNow();
  if (context().commands != nullptr && group) context().commands->step(group->id, 1, told());
}

void DebugView::openSource(const QString& file, int line) {
  if (used_) used_->openFile(file, line);
}

void DebugView::toggleHere() {
  if (used_ && !used_->file().isEmpty()) return toggle(used_->process(), used_->file(), used_->caretLine());
  Q_EMIT said(tr("Open a source file first: type its path above the source."), true);
}

void DebugView::toggle(const ProcessId& process, const QString& file, int line) {
  if (context().commands == nullptr) {
    Q_EMIT said(
        context().replay ? tr("This is a recording: nothing in it can be armed.") : tr("This session is read-only."),
        true);
    return;
  }
  for (const ingest::Breakpoint& b : context().breakpoints.breakpoints()) {
    const bool here = b.kind == ingest::BreakpointKind::Source && qt(b.site) == file && b.line == line &&
                      std::ranges::any_of(b.members, [&](const auto& m) { return m.process == process; });
    if (here) return context().commands->removeBreakpoint(b.id, told());
  }
  control::BreakpointOrder order;
  order.wanted.kind = ingest::BreakpointKind::Source;
  order.wanted.site = file.toStdString();
  order.wanted.line = line;
  order.members = {process};
  arm(std::move(order));
}

}  // namespace qd::widgets
