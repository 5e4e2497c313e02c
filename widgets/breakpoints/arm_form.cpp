// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/breakpoints/arm_form.h"

#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>

#include "widgets/base/theme.h"

namespace qd::widgets {
namespace {

enum Effect { kStop, kCapture, kLog };

}  // namespace

ArmForm::ArmForm(QWidget* parent)
    : QWidget(parent),
      site_(new QComboBox(this)),
      condition_(new QLineEdit(this)),
      when_(new QLineEdit(this)),
      after_(new QSpinBox(this)),
      effect_(new QComboBox(this)),
      arm_(new QPushButton(tr("Arm"), this)) {
  site_->setObjectName(QStringLiteral("siteBox"));
  site_->setToolTip(tr("A place in the game's code where it can stop between two ticks"));
  condition_->setObjectName(QStringLiteral("conditionEdit"));
  condition_->setPlaceholderText(tr("Condition, such as damage > 50"));
  when_->setObjectName(QStringLiteral("whenEdit"));
  when_->setPlaceholderText(tr("Only once interp.error > 0.3 m, say"));
  when_->setToolTip(
      tr("Armed only when that has happened in a process of the group; with a statistic and a stretch, "
         "such as p99 tick.duration > 16 ms for 120 ticks"));
  after_->setRange(1, 1'000'000);
  after_->setPrefix(tr("from hit "));
  effect_->addItems({tr("stop all"), tr("capture once"), tr("log")});
  arm_->setObjectName(QStringLiteral("armButton"));
  arm_->setToolTip(tr("F9"));
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setSpacing(kGap);
  grid->addWidget(site_, 0, 0);
  grid->addWidget(effect_, 0, 1);
  grid->addWidget(condition_, 1, 0);
  grid->addWidget(after_, 1, 1);
  grid->addWidget(when_, 2, 0, 1, 2);
  grid->addWidget(arm_, 0, 2, 3, 1);
  arm_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Expanding);
  effect_->setMaximumWidth(112);
  after_->setMaximumWidth(112);
  grid->setColumnStretch(0, 1);
  connect(arm_, &QPushButton::clicked, this, [this] { Q_EMIT armed(order()); });
  for (QLineEdit* line : {condition_, when_}) connect(line, &QLineEdit::returnPressed, arm_, &QPushButton::click);
  connect(site_, &QComboBox::currentTextChanged, this, [this] {
    const bool atSite = site_->currentText() != anywhere();
    for (QWidget* part :
         {static_cast<QWidget*>(condition_), static_cast<QWidget*>(after_), static_cast<QWidget*>(effect_)}) {
      part->setEnabled(atSite);
    }
  });
}

// Not at a site: when the metric crosses, at the next tick.
QString ArmForm::anywhere() {
  return tr("(the tick after a metric crosses)");
}

void ArmForm::setSites(QStringList sites) {
  if (!sites.isEmpty()) sites << anywhere();
  QStringList now;
  for (int i = 0; i < site_->count(); ++i) now << site_->itemText(i);
  if (now == sites) return;
  const QString chosen = site_->currentText();
  site_->clear();
  site_->addItems(sites);
  const int again = static_cast<int>(sites.indexOf(chosen));
  if (again >= 0) site_->setCurrentIndex(again);
}

void ArmForm::setCanArm(bool can) {
  arm_->setEnabled(can && site_->count() > 0);
}

void ArmForm::focusSite() {
  site_->setFocus(Qt::ShortcutFocusReason);
}

control::BreakpointOrder ArmForm::order() const {
  control::BreakpointOrder order;
  order.wanted.armWhen = when_->text().trimmed().toStdString();
  order.wanted.kind = ingest::BreakpointKind::Metric;
  if (site_->currentText() == anywhere()) return order;
  order.wanted.kind = ingest::BreakpointKind::Site;
  order.wanted.site = site_->currentText().toStdString();
  order.wanted.condition = condition_->text().trimmed().toStdString();
  order.wanted.after = static_cast<std::uint64_t>(after_->value());
  order.wanted.capture = effect_->currentIndex() == kCapture;
  if (effect_->currentIndex() == kLog) order.wanted.logText = order.wanted.site;
  return order;
}

}  // namespace qd::widgets
