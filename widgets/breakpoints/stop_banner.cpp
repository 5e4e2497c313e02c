// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/breakpoints/stop_banner.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/breakpoints/registry_view.h"
#include "core/control/command_port.h"
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
      step_(new QPushButton(tr("Step one tick  F10"), this)) {
  setObjectName(QStringLiteral("stopBanner"));
  setAutoFillBackground(true);
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
  layout->addWidget(step_);
  layout->addWidget(continue_);
  connect(continue_, &QPushButton::clicked, this, &StopBanner::continueClicked);
  connect(step_, &QPushButton::clicked, this, &StopBanner::stepClicked);
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
  const Colors& colors = colorsOf(this);
  QPalette look = palette();
  look.setColor(QPalette::Window, colors.caution);
  look.setColor(QPalette::WindowText, QColor(Qt::black));
  if (look != palette()) setPalette(look);
  const QString state = groupStateText(group.state);
  headline_->setText(tr("%1: %2 at tick %3%4")
                         .arg(QString::fromStdString(group.domain.empty() ? group.id : group.domain), state,
                              formatTick(group.tick), playersText(group)));
  members_->setText(membersText(group));
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

QString StopBanner::playersText(const ingest::LinkGroup& group) const {
  for (const ingest::GroupMember& member : group.members) {
    const auto id = context_.store.find(member.process, "players.online");
    const auto last = id ? context_.store.last(*id) : std::nullopt;
    if (last) return tr(", %n player(s) waiting", nullptr, static_cast<int>(last->value));
  }
  return {};
}

}  // namespace qd::widgets
