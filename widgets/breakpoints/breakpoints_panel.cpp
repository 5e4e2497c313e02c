// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/breakpoints/breakpoints_panel.h"

#include <QApplication>
#include <QHeaderView>
#include <QLabel>
#include <QPointer>
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
#include "widgets/breakpoints/arm_form.h"
#include "widgets/breakpoints/hit_view.h"
#include "widgets/breakpoints/stop_text.h"

namespace qd::widgets {
namespace {

constexpr int kIdRole = Qt::UserRole;

QTreeWidget* list(const QStringList& headers, const QString& name, QWidget* parent) {
  auto* tree = new QTreeWidget(parent);
  tree->setHeaderLabels(headers);
  tree->setRootIsDecorated(false);
  tree->setUniformRowHeights(true);
  tree->setObjectName(name);
  return tree;
}

}  // namespace

BreakpointsPanel::BreakpointsPanel(const SessionContext& context, QWidget* parent)
    : Panel(tr("Breakpoints"), context, parent),
      empty_(new EmptyState(tr("Nothing to stop yet"), tr("Attach to a game whose processes have sites."))),
      content_(new QWidget),
      group_(new QLabel),
      link_(new QPushButton(tr("Link server and editors"))),
      pause_(new QPushButton(tr("Pause"))),
      form_(new ArmForm),
      message_(new QLabel),
      breakpoints_(list({tr("Breakpoint"), tr("State")}, QStringLiteral("breakpointList"), this)),
      hits_(list({tr("Hit"), tr("Tick"), tr("Time")}, QStringLiteral("hitList"), this)),
      bundle_(new HitView) {
  build();
  setContent(content_);
  connectAll();
  showEmpty(empty_);
}

void BreakpointsPanel::build() {
  link_->setObjectName(QStringLiteral("linkButton"));
  group_->setWordWrap(true);
  message_->setWordWrap(true);
  message_->hide();
  for (QTreeWidget* tree : {breakpoints_, hits_}) {
    tree->header()->setStretchLastSection(false);
    tree->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    tree->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    tree->setMinimumHeight(kRowHeight + kTitleHeight + 4);
  }
  breakpoints_->setToolTip(tr("Double-click switches a breakpoint on or off, Delete removes it"));
  addToTitle(pause_);
  auto* lists = new QSplitter(Qt::Vertical);
  lists->setChildrenCollapsible(false);
  lists->addWidget(breakpoints_);
  lists->addWidget(hits_);
  lists->addWidget(bundle_);
  lists->setStretchFactor(2, 1);
  lists->setSizes({56, 56, 400});
  auto* layout = new QVBoxLayout(content_);
  layout->setContentsMargins(kPad, kGap, kPad, kPad);
  layout->setSpacing(kGap);
  layout->addWidget(group_);
  layout->addWidget(link_);
  layout->addWidget(form_);
  layout->addWidget(message_);
  layout->addWidget(lists, 1);
}

void BreakpointsPanel::connectAll() {
  connect(link_, &QPushButton::clicked, this, &BreakpointsPanel::link);
  connect(pause_, &QPushButton::clicked, this, &BreakpointsPanel::pause);
  connect(form_, &ArmForm::armed, this, &BreakpointsPanel::arm);
  auto* remove = new QAction(tr("Remove breakpoint"), breakpoints_);
  remove->setShortcut(QKeySequence::Delete);
  remove->setShortcutContext(Qt::WidgetShortcut);
  breakpoints_->addAction(remove);
  breakpoints_->setContextMenuPolicy(Qt::ActionsContextMenu);
  connect(remove, &QAction::triggered, this, &BreakpointsPanel::removeSelected);
  auto* toggle = new QAction(tr("Switch on or off"), breakpoints_);
  breakpoints_->addAction(toggle);
  connect(toggle, &QAction::triggered, this, &BreakpointsPanel::toggleSelected);
  connect(breakpoints_, &QTreeWidget::itemDoubleClicked, this, &BreakpointsPanel::toggleSelected);
  connect(hits_, &QTreeWidget::itemClicked, this, [this](QTreeWidgetItem* item) {
    const QString id = item->data(0, kIdRole).toString();
    context().selection.setHit(id);
    const auto hit = context().breakpoints.hit(id.toStdString());
    if (hit) context().clock.goTo(momentToShow(context().breakpoints, hit->id, hit->time));
  });
  connect(&context().selection, &Selection::hitChanged, this, &BreakpointsPanel::showHit);
  connect(this, &Panel::processChanged, this, [this] { revision_ = directoryRevision_ = 0; });
}

TimeNs BreakpointsPanel::shownTime() const {
  const bool now = !context().replay && context().clock.mode() == ViewClock::Mode::Live;
  return now ? breakpoints::RegistryView::kNow : context().clock.now();
}

void BreakpointsPanel::refresh(bool) {
  const TimeNs at = shownTime();
  const std::uint64_t revision = context().breakpoints.revision(), directory = context().directory.revision();
  if (revision == revision_ && directory == directoryRevision_ && at == shownAt_) return;
  const bool registry = revision != revision_;
  revision_ = revision;
  directoryRevision_ = directory;
  shownAt_ = at;
  const QStringList sites = this->sites();
  form_->setSites(sites);
  fillGroup(at);
  fillBreakpoints(at);
  if (registry) fillHits();
  const bool none = sites.isEmpty() && breakpoints_->topLevelItemCount() == 0 && hits_->topLevelItemCount() == 0;
  showEmpty(none ? empty_ : nullptr);
}

QStringList BreakpointsPanel::sites() const {
  QStringList names;
  const auto add = [&](const ingest::ProcessInfoPtr& info) {
    if (!info) return;
    for (const ingest::SiteInfo& site : info->sites) {
      const QString name = QString::fromStdString(site.name);
      if (!names.contains(name)) names << name;
    }
  };
  const ingest::ProcessInfoPtr selected = context().directory.process(process());
  add(selected);
  if (selected && selected->kind == ingest::ProcessKind::Server) {
    for (const ProcessId& editor : context().directory.editorsOf(selected->id))
      add(context().directory.process(editor));
  } else if (selected && !selected->domain.empty()) {
    add(context().directory.process(ProcessId(selected->domain)));
  }
  return names;
}

void BreakpointsPanel::fillGroup(TimeNs at) {
  const std::vector<ingest::LinkGroup> groups = context().breakpoints.groups(at);
  const auto mine = std::ranges::find_if(groups, [&](const ingest::LinkGroup& group) {
    return std::ranges::any_of(group.members, [&](const auto& member) { return member.process == process(); });
  });
  const ingest::LinkGroup* group = mine != groups.end() ? &*mine : groups.empty() ? nullptr : &groups.front();
  const bool can = context().commands != nullptr;
  groupId_ = group != nullptr ? group->id : std::string();
  link_->setVisible(group == nullptr);
  link_->setEnabled(can);
  pause_->setVisible(group != nullptr);
  pause_->setEnabled(can && group != nullptr && group->state == ingest::GroupState::Running);
  form_->setCanArm(can && group != nullptr);
  group_->setVisible(group == nullptr || group->state == ingest::GroupState::Running);  // the banner says the rest
  group_->setText(group == nullptr ? tr("Processes that stop together form a link group. Link first, then arm a site.")
                                   : tr("%1: %2").arg(groupStateText(group->state), membersText(*group)));
}

void BreakpointsPanel::fillBreakpoints(TimeNs at) {
  const QTreeWidgetItem* current = breakpoints_->currentItem();
  const QString selected = current != nullptr ? current->data(0, kIdRole).toString() : QString();
  breakpoints_->clear();
  for (const ingest::Breakpoint& breakpoint : context().breakpoints.breakpoints(at)) {
    QStringList acks;
    std::uint64_t hits = 0;
    for (const ingest::BreakpointMember& member : breakpoint.members) {
      acks << QStringLiteral("%1 %2").arg(QString::fromStdString(member.process.value), ackText(member));
      hits += member.hits;
    }
    const QString state = !breakpoint.enabled ? tr("off")
                          : breakpoint.armed
                              ? counted(static_cast<qint64>(hits), tr("armed, 1 hit"), tr("armed, %1 hits"))
                              : acks.join(QStringLiteral("; "));
    auto* item = new QTreeWidgetItem(breakpoints_, {breakpointText(breakpoint), state});
    item->setData(0, kIdRole, QString::fromStdString(breakpoint.id));
    item->setToolTip(0, breakpointText(breakpoint));
    item->setToolTip(1, acks.join(u'\n'));
    const bool bad =
        std::ranges::any_of(breakpoint.members, [](const auto& m) { return m.ack == ingest::MemberAck::Rejected; });
    if (bad) item->setForeground(1, colorsOf(this).alarm);
    if (item->data(0, kIdRole).toString() == selected) breakpoints_->setCurrentItem(item);
  }
}

void BreakpointsPanel::fillHits() {
  const std::vector<ingest::Hit> hits = context().breakpoints.hits();
  hits_->clear();
  for (const ingest::Hit& hit : hits) {
    const auto breakpoints = context().breakpoints.breakpoints();
    const auto found = std::ranges::find(breakpoints, hit.breakpoint, &ingest::Breakpoint::id);
    const QString name = found != breakpoints.end() ? breakpointText(*found) : QString::fromStdString(hit.cause);
    auto* item = new QTreeWidgetItem({name, formatTick(hit.tick), formatUtc(hit.time)});
    item->setData(0, kIdRole, QString::fromStdString(hit.id));
    hits_->insertTopLevelItem(0, item);
  }
  if (hits.size() != hitsShown_ && !hits.empty() && context().selection.hit().isEmpty()) {
    context().selection.setHit(QString::fromStdString(hits.back().id));
  }
  hitsShown_ = hits.size();
  showHit();
}

void BreakpointsPanel::showHit() {
  const auto hit = context().breakpoints.hit(context().selection.hit().toStdString());
  if (hit)
    bundle_->show(*hit);
  else
    bundle_->clear();
}

void BreakpointsPanel::link() {
  if (context().commands == nullptr) return;
  std::vector<ProcessId> members;
  const ingest::ProcessInfoPtr selected = context().directory.process(process());
  if (selected) {
    const ProcessId server = selected->kind == ingest::ProcessKind::Server ? selected->id : ProcessId(selected->domain);
    members.push_back(server);
    for (const ProcessId& editor : context().directory.editorsOf(server)) members.push_back(editor);
  }
  context().commands->link(std::move(members), told());
}

void BreakpointsPanel::arm(const control::BreakpointOrder& order) {
  if (context().commands == nullptr) return;
  control::BreakpointOrder sent = order;
  sent.wanted.group = groupId_;
  context().commands->setBreakpoint(std::move(sent), told());
}

void BreakpointsPanel::removeSelected() {
  const QTreeWidgetItem* item = breakpoints_->currentItem();
  if (item == nullptr || context().commands == nullptr) return;
  context().commands->removeBreakpoint(item->data(0, kIdRole).toString().toStdString(), told());
}

void BreakpointsPanel::toggleSelected() {
  const QTreeWidgetItem* item = breakpoints_->currentItem();
  if (item == nullptr || context().commands == nullptr) return;
  const auto known = context().breakpoints.breakpoints();
  const auto found = std::ranges::find(known, item->data(0, kIdRole).toString().toStdString(), &ingest::Breakpoint::id);
  if (found == known.end()) return;
  control::BreakpointOrder order{.wanted = *found};
  for (const ingest::BreakpointMember& member : found->members) order.members.push_back(member.process);
  order.wanted.enabled = !found->enabled;
  context().commands->setBreakpoint(std::move(order), told());
}

void BreakpointsPanel::pause() {
  if (context().commands != nullptr) context().commands->pause(groupId_, told());
}

void BreakpointsPanel::focusArm() {
  form_->focusSite();
}

control::DebugDone BreakpointsPanel::told() {
  message_->hide();
  // The answer comes on a network thread; the panel may be gone by then.
  return [panel = QPointer<BreakpointsPanel>(this)](const Result<std::string>& answer) {
    if (answer) return;
    const QString sentence = QString::fromStdString(answer.error().message);
    QMetaObject::invokeMethod(qApp, [panel, sentence] {
      if (panel) panel->say(sentence);
    });
  };
}

void BreakpointsPanel::say(const QString& sentence) {
  message_->setText(sentence);
  message_->show();
}

}  // namespace qd::widgets
