// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/review_page.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/params/param_model.h"

namespace qd::widgets {

QString pushText(const params::ReviewFacts& facts, std::optional<std::int64_t> players) {
  const int changes = static_cast<int>(facts.changes);
  const int targets = static_cast<int>(facts.targets.size());
  const QString what = counted(changes, ReviewPage::tr("1 change"), ReviewPage::tr("%1 changes"));
  const QString where =
      targets == 1 ? QString::fromStdString(facts.targets.front().value) : ReviewPage::tr("%1 processes").arg(targets);
  QString text = ReviewPage::tr("Push %1 to %2").arg(what, where);
  if (players) text += counted(*players, ReviewPage::tr(" (1 player)"), ReviewPage::tr(" (%1 players)"));
  return text;
}

ReviewPage::ReviewPage(QWidget* parent)
    : QWidget(parent),
      diff_(new QTreeWidget(this)),
      comment_(new QLineEdit(this)),
      note_(new QLabel(this)),
      push_(new QPushButton(this)) {
  diff_->setHeaderLabels({tr("Process"), tr("Parameter"), tr("Live → staged")});
  diff_->setRootIsDecorated(false);
  diff_->setObjectName(QStringLiteral("reviewDiff"));
  diff_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  comment_->setPlaceholderText(tr("Why? (kept with the push)"));
  comment_->setObjectName(QStringLiteral("pushComment"));
  note_->setWordWrap(true);
  push_->setDefault(true);
  push_->setObjectName(QStringLiteral("pushButton"));
  auto* back = new QPushButton(tr("Back"), this);
  auto* drop = new QPushButton(tr("Undo selected"), this);

  auto* buttons = new QHBoxLayout;
  buttons->addWidget(back);
  buttons->addWidget(drop);
  buttons->addStretch(1);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kPad, kPad, kPad, kPad);
  layout->setSpacing(kPad);
  layout->addWidget(diff_, 1);
  layout->addWidget(comment_);
  layout->addWidget(note_);
  layout->addWidget(push_);
  layout->addLayout(buttons);

  connect(push_, &QPushButton::clicked, this, &ReviewPage::pushed);
  connect(back, &QPushButton::clicked, this, &ReviewPage::left);
  connect(comment_, &QLineEdit::textChanged, this, [this] { update(); });
  connect(drop, &QPushButton::clicked, this, [this] {
    if (const QTreeWidgetItem* item = diff_->currentItem()) Q_EMIT unstaged(item->text(0), item->text(1));
  });
}

void ReviewPage::show(const params::ReviewFacts& facts, const std::vector<params::StagedEdit>& edits,
                      std::optional<std::int64_t> players) {
  facts_ = facts;
  diff_->clear();
  for (const params::StagedEdit& edit : edits) {
    const QString change = QStringLiteral("%1 → %2").arg(valueText(edit.from, {}), valueText(edit.to, {}));
    auto* item = new QTreeWidgetItem(
        diff_, {QString::fromStdString(edit.process.value), QString::fromStdString(edit.name), change});
    item->setFont(2, numberFont(kTextPx));
    if (edit.conflict) item->setToolTip(2, tr("The live value has changed since this was staged."));
  }
  push_->setText(pushText(facts, players));
  update();
}

QString ReviewPage::comment() const {
  return comment_->text().trimmed();
}

bool ReviewPage::canPush() const {
  return push_->isEnabled();
}

void ReviewPage::update() {
  const std::string why = params::whyNotPushable(facts_, comment().toStdString());
  QString note = QString::fromStdString(why);
  if (note.isEmpty() && facts_.conflict) {
    note = tr("A live value has changed since it was staged; the process will refuse that push.");
  }
  note_->setText(note);
  note_->setVisible(!note.isEmpty());
  push_->setEnabled(why.empty());
}

}  // namespace qd::widgets
