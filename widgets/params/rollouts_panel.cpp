// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/rollouts_panel.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSplitter>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "core/control/command_port.h"
#include "core/ingest/describe.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/format.h"
#include "widgets/base/frame_tick.h"
#include "widgets/base/theme.h"
#include "widgets/params/experiment_dialog.h"
#include "widgets/params/param_model.h"

namespace qd::widgets {
namespace {

using ingest::ChangePhase;

QString qt(const std::string& text) {
  return QString::fromStdString(text);
}

QColor colorOf(const Colors& colors, const ingest::ChangeState& change) {
  switch (change.phase) {
    case ChangePhase::Holding:
    case ChangePhase::Paused:
    case ChangePhase::Reverting:
      return colors.caution;
    case ChangePhase::Failed:
      return colors.alarm;
    case ChangePhase::Done:
      return colors.ok;
    case ChangePhase::Reverted:
      return change.verdict.ends_with("not recovered") ? colors.alarm : colors.muted;
    default:
      return colors.text;
  }
}

QTreeWidget* tree(const QStringList& columns, const QString& name) {
  auto* made = new QTreeWidget;
  made->setHeaderLabels(columns);
  made->setRootIsDecorated(false);
  made->setUniformRowHeights(true);
  made->setFrameShape(QFrame::NoFrame);
  made->setObjectName(name);
  return made;
}

// What has no change yet, because it waits for a steady state: shown as one that is planned.
ingest::ChangeState asChange(const control::ExperimentState& experiment) {
  ingest::ChangeState out;
  out.plan.id = experiment.plan.id;
  out.plan.who = experiment.plan.who;
  out.plan.comment = experiment.plan.comment;
  out.plan.values = experiment.plan.fault;
  out.plan.targets = experiment.plan.targets;
  out.phase = experiment.phase == control::ExperimentPhase::Over ? ChangePhase::Failed : ChangePhase::Planned;
  out.reason = experiment.reason;
  for (const ProcessId& target : experiment.plan.targets) out.targets.emplace_back().process = target;
  return out;
}

}  // namespace

QString changeTitle(const ingest::ChangeState& change) {
  QStringList values;
  for (const auto& value : change.plan.values) {
    values << QStringLiteral("%1 = %2").arg(qt(value.name), valueText(value.value, {}));
  }
  return values.join(QStringLiteral(", "));
}

QString changeStatus(const ingest::ChangeState& change) {
  const auto there = std::ranges::count(change.targets, ingest::TargetState::Applied, &ingest::ChangeTarget::state);
  QString text = change.verdict.empty() ? qt(ingest::name(change.phase)) : qt(change.verdict);
  if (change.plan.waves.size() > 1) {
    text = RolloutsPanel::tr("wave %1/%2 · %3").arg(change.wave + 1).arg(change.plan.waves.size()).arg(text);
  }
  text += RolloutsPanel::tr(" · %1/%2 processes").arg(there).arg(change.targets.size());
  if (change.until > 0) text += RolloutsPanel::tr(" · until %1").arg(formatUtc(change.until));
  return text;
}

RolloutsPanel::RolloutsPanel(const params::ChangeBook& book, const SessionContext& context, QWidget* parent)
    : Panel(tr("Rollouts"), context, parent),
      book_(book),
      list_(tree({tr("Change"), tr("How far")}, QStringLiteral("rolloutList"))),
      detail_(tree({tr("Process or guard"), tr("State"), tr("Detail")}, QStringLiteral("rolloutDetail"))),
      reason_(new QLabel),
      pause_(new QPushButton(tr("Pause"))),
      goOn_(new QPushButton(tr("Continue"))),
      revert_(new QPushButton(tr("Revert"))),
      keep_(new QPushButton(tr("Keep"))),
      report_(new QPushButton(tr("Report…"))),
      empty_(new EmptyState(tr("No change is under way"),
                            tr("Push with a way back, a ramp or waves: it is followed here, also when this console is "
                               "closed meanwhile."),
                            tr("New experiment…"), this)) {
  titleBar()->hide();  // it stands in a tab of its own name
  pause_->setToolTip(tr("No further wave; ramps stand still, the guards go on"));
  goOn_->setToolTip(tr("After a pause, or past a hold for want of evidence"));
  revert_->setToolTip(tr("Back everywhere, where it is still at this change's version"));
  keep_->setToolTip(tr("End it and leave what is applied"));
  reason_->setWordWrap(true);
  list_->header()->setStretchLastSection(true);
  list_->header()->resizeSection(0, 150);
  detail_->header()->setStretchLastSection(true);
  detail_->header()->resizeSection(0, 150);
  auto* buttons = new QHBoxLayout;
  for (QPushButton* button : {pause_, goOn_, revert_, keep_, report_}) buttons->addWidget(button);
  report_->setToolTip(tr("Of an experiment: hypothesis, what was measured, outcome"));
  auto* begin = new QPushButton(tr("New experiment…"));
  begin->setObjectName(QStringLiteral("newExperiment"));
  begin->setToolTip(tr("A fault on purpose, with a hypothesis, a blast radius, and its way back"));
  connect(begin, &QPushButton::clicked, this, [this] { (new ExperimentDialog(book_, this->context(), this))->show(); });
  connect(report_, &QPushButton::clicked, this, &RolloutsPanel::showExperiment);
  auto* below = new QWidget;
  auto* column = new QVBoxLayout(below);
  column->setContentsMargins(kPad, kGap, kPad, kPad);
  column->setSpacing(kGap);
  column->addWidget(reason_);
  column->addWidget(detail_, 1);
  column->addLayout(buttons);
  auto* split = new QSplitter(Qt::Vertical);
  split->setChildrenCollapsible(false);
  split->addWidget(list_);
  split->addWidget(below);
  split->setSizes({140, 260});
  auto* all = new QWidget;
  auto* rows = new QVBoxLayout(all);
  rows->setContentsMargins(0, kGap, 0, 0);
  rows->setSpacing(kGap);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(kPad, 0, kPad, 0);
  head->addStretch(1);
  head->addWidget(begin);
  rows->addLayout(head);
  rows->addWidget(split, 1);
  setContent(all);
  connect(empty_, &EmptyState::activated, begin, &QPushButton::click);
  connect(pause_, &QPushButton::clicked, this, [this] { order(control::ChangeWord::Pause); });
  connect(goOn_, &QPushButton::clicked, this, [this] { order(control::ChangeWord::GoOn); });
  connect(revert_, &QPushButton::clicked, this, [this] { order(control::ChangeWord::Revert); });
  connect(keep_, &QPushButton::clicked, this, [this] { order(control::ChangeWord::Keep); });
  connect(list_, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
    if (item == nullptr) return;
    chosenId_ = item->data(0, Qt::UserRole).toString().toStdString();
    detail();
  });
  // The tab's title counts them also while another tab is in front.
  connect(&this->context().ticker, &FrameTick::tick, this, [this](TimeNs, bool second) {
    if (!second || static_cast<int>(book_.running()) == running_) return;
    running_ = static_cast<int>(book_.running());
    Q_EMIT countChanged(running_);
  });
  showEmpty(empty_);
}

void RolloutsPanel::refresh(bool) {
  if (book_.revision() == revision_) return;
  revision_ = book_.revision();
  shown_ = book_.changes();
  experiments_.clear();
  for (const auto& item : book_.shared(control::kExperimentPrefix)) {
    auto state = control::experimentFrom(item.value);
    if (!state) continue;
    const bool known =
        std::ranges::any_of(shown_, [&](const auto& change) { return change.plan.id == state->plan.id; });
    if (!known) shown_.push_back(asChange(*state));
    experiments_.insert_or_assign(state->plan.id, std::move(*state));
  }
  std::reverse(shown_.begin(), shown_.end());
  showEmpty(shown_.empty() ? empty_ : nullptr);
  fill();
  detail();
}

const ingest::ChangeState* RolloutsPanel::chosen() const {
  const auto found = std::ranges::find(shown_, chosenId_, [](const auto& change) { return change.plan.id; });
  return found == shown_.end() ? nullptr : &*found;
}

void RolloutsPanel::fill() {
  if (chosen() == nullptr && !shown_.empty()) chosenId_ = shown_.front().plan.id;
  const QSignalBlocker quiet(list_);
  const Colors& colors = colorsOf(this);
  while (list_->topLevelItemCount() > static_cast<int>(shown_.size())) delete list_->takeTopLevelItem(0);
  while (list_->topLevelItemCount() < static_cast<int>(shown_.size())) new QTreeWidgetItem(list_);
  for (int i = 0; i < list_->topLevelItemCount(); ++i) {
    const ingest::ChangeState& change = shown_[static_cast<std::size_t>(i)];
    QTreeWidgetItem* item = list_->topLevelItem(i);
    item->setData(0, Qt::UserRole, qt(change.plan.id));
    const auto experiment = experiments_.find(change.plan.id);
    const bool is = experiment != experiments_.end();
    item->setText(0, is ? tr("⚗ %1").arg(qt(experiment->second.plan.name)) : changeTitle(change));
    item->setText(1, is && !experiment->second.outcome.empty() ? qt(experiment->second.outcome) : changeStatus(change));
    item->setForeground(1, colorOf(colors, change));
    item->setToolTip(0, qt(ingest::describe(change)));
    if (change.plan.id == chosenId_) list_->setCurrentItem(item);
  }
}

void RolloutsPanel::detail() {
  detail_->clear();
  const ingest::ChangeState* change = chosen();
  const bool over = change == nullptr || ingest::isOver(change->phase);
  const bool may = context().commands != nullptr && change != nullptr;
  pause_->setEnabled(may && !over && change->phase != ChangePhase::Paused && change->phase != ChangePhase::Reverting);
  goOn_->setEnabled(may && !over && (change->phase == ChangePhase::Paused || change->phase == ChangePhase::Holding));
  revert_->setEnabled(may && (!over || change->phase == ChangePhase::Done) && change->phase != ChangePhase::Reverting);
  keep_->setEnabled(may && !over && change->phase != ChangePhase::Reverting);
  const bool experiment = change != nullptr && experiments_.contains(change->plan.id);
  report_->setVisible(experiment);
  keep_->setVisible(!experiment);  // a fault does not stay
  if (change == nullptr) return reason_->clear();
  const QString by = change->plan.who.empty() ? QString() : tr("by %1").arg(qt(change->plan.who));
  QStringList lines{by};
  if (!change->plan.comment.empty()) lines << qt(change->plan.comment);
  if (!change->reason.empty()) lines << qt(change->reason);
  lines.removeAll(QString());
  reason_->setText(lines.join(QStringLiteral(" · ")));
  const Colors& colors = colorsOf(this);
  for (const auto& target : change->targets) {
    auto* item =
        new QTreeWidgetItem(detail_, {qt(target.process.value), qt(ingest::name(target.state)), qt(target.reason)});
    if (target.reason.empty() && target.tick > 0) item->setText(2, tr("tick %1").arg(formatTick(target.tick)));
    const bool bad = target.state == ingest::TargetState::Rejected || target.state == ingest::TargetState::Unknown;
    item->setForeground(1, bad                                            ? colors.caution
                           : target.state == ingest::TargetState::Applied ? colors.ok
                                                                          : colors.text);
  }
  for (const auto& reading : change->readings) {
    if (reading.guard >= change->plan.guards.size()) continue;
    const QString where = reading.process.value.empty() ? tr("together") : qt(reading.process.value);
    auto* item = new QTreeWidgetItem(
        detail_, {tr("! %1").arg(where), qt(ingest::name(reading.state)),
                  reading.reason.empty() ? tr("%1 · %2").arg(formatNumber(reading.value),
                                                             qt(ingest::describe(change->plan.guards[reading.guard])))
                                         : qt(reading.reason)});
    item->setToolTip(2, qt(ingest::describe(change->plan.guards[reading.guard])));
    item->setFont(2, numberFont());
    const bool breached = reading.state == ingest::GuardState::Breached;
    item->setForeground(1, breached                                       ? colors.alarm
                           : reading.state == ingest::GuardState::Passing ? colors.ok
                                                                          : colors.muted);
  }
}

void RolloutsPanel::showExperiment() {
  auto* dialog = new ExperimentDialog(book_, context(), this);
  dialog->follow(chosenId_);
  dialog->show();
}

void RolloutsPanel::order(control::ChangeWord word) {
  if (context().commands == nullptr || chosen() == nullptr) return;
  const control::ChangeVerb verb{chosenId_, word, context().who.toStdString(), "", ""};
  // What comes of it arrives with the session's events.
  context().commands->orderChange(verb, [](const Result<std::vector<ingest::ChangeState>>&) {});
}

}  // namespace qd::widgets
