// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/empty_state.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/base/theme.h"

namespace qd::widgets {

EmptyState::EmptyState(const QString& headline, const QString& detail, const QString& action, QWidget* parent)
    : QWidget(parent), headline_(new QLabel(this)), detail_(new QLabel(this)), action_(new QPushButton(this)) {
  headline_->setFont(uiFont(kTextPx, QFont::DemiBold));
  headline_->setAlignment(Qt::AlignCenter);
  headline_->setWordWrap(true);
  detail_->setAlignment(Qt::AlignCenter);
  detail_->setWordWrap(true);
  detail_->setForegroundRole(QPalette::PlaceholderText);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kPad, kPad, kPad, kPad);
  layout->setSpacing(kPad);
  layout->addStretch(1);
  layout->addWidget(headline_);
  layout->addWidget(detail_);
  layout->addWidget(action_, 0, Qt::AlignCenter);
  layout->addStretch(1);
  connect(action_, &QPushButton::clicked, this, &EmptyState::activated);
  setText(headline, detail, action);
}

void EmptyState::setText(const QString& headline, const QString& detail, const QString& action) {
  headline_->setText(headline);
  detail_->setText(detail);
  detail_->setVisible(!detail.isEmpty());
  action_->setText(action);
  action_->setVisible(!action.isEmpty());
}

}  // namespace qd::widgets
