// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/status_bar.h"

#include <QFontMetrics>
#include <QHBoxLayout>

namespace qd::session {
namespace {
constexpr int kHeight = 24;
constexpr int kMessageMs = 8000;
}  // namespace

StatusBar::StatusBar(QWidget* parent) : QWidget(parent), pieces_(new QHBoxLayout), message_(new QLabel(this)) {
  setObjectName(QStringLiteral("statusBar"));
  setFixedHeight(kHeight);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(10, 0, 10, 0);
  row->setSpacing(16);
  pieces_->setSpacing(16);
  row->addLayout(pieces_);
  row->addStretch(1);
  row->addWidget(message_);
  message_->setObjectName(QStringLiteral("statusMessage"));
  message_->setTextFormat(Qt::PlainText);
  fade_.setSingleShot(true);
  connect(&fade_, &QTimer::timeout, message_, &QLabel::clear);
}

QLabel* StatusBar::labelOf(const QString& key) {
  QLabel*& label = labels_[key];
  if (label == nullptr) {
    label = new QLabel(this);
    label->setObjectName(QStringLiteral("status-") + key);
    label->setTextFormat(Qt::PlainText);
    pieces_->addWidget(label);
  }
  return label;
}

void StatusBar::show(const QVector<StatusPiece>& pieces) {
  for (const StatusPiece& piece : pieces) {
    QLabel* label = labelOf(piece.key);
    const QString text = piece.alarm ? QStringLiteral("▲ ") + piece.text : piece.text;
    label->setText(text);
    label->setToolTip(piece.tip);
    if (label->property("alarm").toBool() != piece.alarm || !label->property("alarm").isValid()) {
      label->setProperty("alarm", piece.alarm);
      label->setStyleSheet(piece.alarm ? QStringLiteral("color: #F0503C; font-weight: 600;") : QString());
    }
    // Widths only grow: a figure that gains a digit must not push its neighbours to and fro.
    label->setMinimumWidth(std::max(label->minimumWidth(), label->sizeHint().width()));
  }
}

void StatusBar::clear() {
  qDeleteAll(labels_);
  labels_.clear();
  message_->clear();
}

void StatusBar::say(const QString& message, bool problem) {
  message_->setText(message);
  message_->setToolTip(message);
  message_->setStyleSheet(problem ? QStringLiteral("color: #F0503C; font-weight: 600;") : QString());
  fade_.start(kMessageMs);
}

}  // namespace qd::session
