// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/breakpoints/stop_banner.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStringList>
#include <QVBoxLayout>
#include <algorithm>

#include "core/breakpoints/registry_view.h"
#include "core/control/command_port.h"
#include "core/ingest/directory.h"
#include "core/series/store.h"
#include "widgets/base/format.h"
#include "widgets/base/frame_tick.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"
#include "widgets/breakpoints/stop_text.h"

namespace qd::widgets {

StopBanner::StopBanner(const SessionContext& context, QWidget* parent)
    : QFrame(parent),
      context_(context),
      headline_(new QLabel(this)),
      members_(new QLabel(this)),
      countdown_(new QLabel(this)),
      continue_(new QPushButton(tr("Continue  F5"), this)),
      step_(new QPushButton(tr("Step one tick"), this)),
      debug_(new QPushButton(tr("Source  Ctrl+D"), this)) {
  setObjectName(QStringLiteral("stopBanner"));
  setAttribute(Qt::WA_StyledBackground);
  // The same in both themes: nobody must have to look for it.
  setStyleSheet(QStringLiteral("#stopBanner { background: #f0c948; } #stopBanner QLabel { color: #1d1400; }"));
  headline_->setFont(uiFont(15, QFont::DemiBold));
  members_->setFont(numberFont(kTextPx));
  countdown_->setFont(numberFont(kTextPx));
  continue_->setObjectName(QStringLiteral("bannerContinue"));
  auto* text = new QVBoxLayout;
  text->setSpacing(2);
  text->addWidget(headline_);
  text->addWidget(members_);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(2 * kPad, kPad, 2 * kPad, kPad);
  layout->setSpacing(2 * kPad);
  layout->addLayout(text, 1);
  layout->addWidget(countdown_);
  debug_->setObjectName(QStringLiteral("bannerDebug"));
  layout->addWidget(debug_);
  layout->addWidget(step_);
  layout->addWidget(continue_);
  connect(continue_, &QPushButton::clicked, this, &StopBanner::continueClicked);
  connect(step_, &QPushButton::clicked, this, &StopBanner::stepClicked);
  connect(debug_, &QPushButton::clicked, this, &StopBanner::debugClicked);
  debug_->setToolTip(tr("Source, stack and locals of both processes"));
  connect(&context_.ticker, &FrameTick::tick, this, [this] { refresh(); });
}

void StopBanner::refresh() {
  const bool now = !context_.replay && context_.clock.mode() == ViewClock::Mode::Live;
  const auto group = context_.breakpoints.stopped(now ? breakpoints::RegistryView::kNow : context_.clock.now());
  if (group) show(*group);
  if (group.has_value() != wanted_) {
    wanted_ = group.has_value();
    Q_EMIT wanted(wanted_);
  }
  // While something is stopped, this console says that it is still here; vanished, the lease runs out.
  if (context_.commands != nullptr) context_.commands->holdLease(context_.breakpoints.stopped().has_value());
}

void StopBanner::show(const ingest::LinkGroup& group) {
  const QString state = groupStateText(group.state);
  headline_->setText(tr("%1: %2 at tick %3%4")
                         .arg(QString::fromStdString(group.domain.empty() ? group.id : group.domain), state,
                              formatTick(group.tick), playersText(group)));
  members_->setText(membersText(group) + runningText(group));
  const auto left = secondsLeft(group, context_.replay ? group.leaseUntil : utcNowNs());
  countdown_->setText(left && !context_.replay ? tr("resumes by itself in %1 s").arg(*left) : QString());
  const bool can = context_.commands != nullptr;
  continue_->setEnabled(can);
  step_->setEnabled(can && group.state != ingest::GroupState::Resuming);
  if (!group.hitId.empty() && group.hitId != shownHit_) {
    shownHit_ = group.hitId;
    context_.selection.setHit(QString::fromStdString(group.hitId));
  }
}

// Who goes on: the other groups and processes do not wait for this one.
QString StopBanner::runningText(const ingest::LinkGroup& group) const {
  QStringList names;
  for (const ingest::ProcessInfoPtr& info : context_.directory.processes(context_.clock.now())) {
    const bool member = std::ranges::any_of(group.members, [&](const auto& m) { return m.process == info->id; });
    if (!member && info->state == ingest::ProcessState::Running) names << QString::fromStdString(info->id.value);
  }
  if (names.isEmpty()) return {};
  const QString who = names.size() <= 3 ? names.join(QStringLiteral(", ")) : tr("%1 others").arg(names.size());
  return QStringLiteral("  ·  ") + (names.size() == 1 ? tr("%1 runs on") : tr("%1 run on")).arg(who);
}

QString StopBanner::playersText(const ingest::LinkGroup& group) const {
  for (const ingest::GroupMember& member : group.members) {
    const auto id = context_.store.find(member.process, "players.online");
    const auto last = id ? context_.store.last(*id) : std::nullopt;
    if (last) return counted(static_cast<qint64>(last->value), tr(", 1 player waiting"), tr(", %1 players waiting"));
  }
  return {};
}

}  // namespace qd::widgets
