// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/review_page.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "core/control/confirmation.h"
#include "core/control/guard_text.h"
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

QString confirmation(const params::ReviewFacts& facts, std::optional<std::int64_t> players) {
  return QString::fromStdString(control::confirmationText(facts.targets, players));
}

ReviewPage::ReviewPage(QWidget* parent)
    : QWidget(parent),
      diff_(new QTreeWidget(this)),
      comment_(new QLineEdit(this)),
      way_(new QComboBox(this)),
      stay_(new QComboBox(this)),
      guard_(new QLineEdit(this)),
      typed_(new QLineEdit(this)),
      note_(new QLabel(this)),
      push_(new QPushButton(this)) {
  diff_->setHeaderLabels({tr("Process"), tr("Parameter"), tr("Live → staged")});
  diff_->setRootIsDecorated(false);
  diff_->setObjectName(QStringLiteral("reviewDiff"));
  diff_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  comment_->setPlaceholderText(tr("Why? (kept with the push)"));
  comment_->setObjectName(QStringLiteral("pushComment"));
  way_->addItems({tr("At once"), tr("Ramp over 10 s"), tr("Ramp over 1 min"), tr("Waves: 1, 10 %, 50 %, all")});
  way_->setObjectName(QStringLiteral("pushWay"));
  stay_->addItems({tr("for good"), tr("for 1 min, then back"), tr("for 10 min, then back"), tr("for 1 h, then back")});
  stay_->setObjectName(QStringLiteral("pushStay"));
  guard_->setPlaceholderText(tr("Guard: p99 tick.duration > 16 ms for 120 ticks"));
  guard_->setToolTip(tr("A breach takes it back by itself, at the agents, also when this console is gone"));
  guard_->setObjectName(QStringLiteral("pushGuard"));
  typed_->setObjectName(QStringLiteral("pushConfirm"));
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
  auto* how = new QHBoxLayout;
  how->addWidget(way_, 1);
  how->addWidget(stay_, 1);
  layout->addLayout(how);
  layout->addWidget(guard_);
  layout->addWidget(typed_);
  layout->addWidget(note_);
  layout->addWidget(push_);
  layout->addLayout(buttons);

  connect(push_, &QPushButton::clicked, this, &ReviewPage::pushed);
  connect(back, &QPushButton::clicked, this, &ReviewPage::left);
  for (QLineEdit* line : {comment_, guard_, typed_}) connect(line, &QLineEdit::textChanged, this, [this] { update(); });
  connect(way_, &QComboBox::currentIndexChanged, this, [this] { update(); });
  connect(stay_, &QComboBox::currentIndexChanged, this, [this] { update(); });
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
  wanted_ = facts.risk == ingest::Risk::Dangerous ? confirmation(facts, players) : QString();
  typed_->clear();
  typed_->setVisible(!wanted_.isEmpty());
  typed_->setPlaceholderText(tr("Dangerous: type \"%1\"").arg(wanted_));
  update();
}

QString ReviewPage::confirmed() const {
  return wanted_.isEmpty() ? QString() : typed_->text().trimmed();
}

QString ReviewPage::comment() const {
  return comment_->text().trimmed();
}

bool ReviewPage::isPlain() const {
  return way_->currentIndex() == 0 && stay_->currentIndex() == 0 && guard_->text().trimmed().isEmpty();
}

void ReviewPage::fill(ingest::ChangePlan& plan) const {
  constexpr std::int64_t kMinute = 60 * kNsPerSecond;
  constexpr std::int64_t kStay[] = {0, kMinute, 10 * kMinute, 60 * kMinute};
  constexpr Duration kSoak{30 * kNsPerSecond};
  plan.lease.ns = kStay[std::clamp(stay_->currentIndex(), 0, 3)];
  if (way_->currentIndex() == 1 || way_->currentIndex() == 2) {
    plan.ramp = ingest::RampShape::Smooth;
    plan.rampTime.ns = way_->currentIndex() == 1 ? 10 * kNsPerSecond : kMinute;
  }
  if (way_->currentIndex() == 3) plan.waves = {{1, 100, kSoak}, {0, 10, kSoak}, {0, 50, kSoak}, {0, 100, kSoak}};
  if (const auto guard = control::parseGuard(guard_->text().trimmed().toStdString())) {
    plan.guards.push_back(guard->guard);
    if (plan.waves.empty()) plan.waves = {{0, 100, kSoak}};
  }
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
  const QString guard = guard_->text().trimmed();
  if (note.isEmpty() && !guard.isEmpty()) {
    if (const auto read = control::parseGuard(guard.toStdString()); !read)
      note = QString::fromStdString(read.error().message);
  }
  const bool readable = guard.isEmpty() || control::parseGuard(guard.toStdString()).has_value();
  const bool confirmed = wanted_.isEmpty() || typed_->text().trimmed() == wanted_;
  if (note.isEmpty() && !confirmed) note = tr("To push what is dangerous, type: %1").arg(wanted_);
  note_->setText(note);
  note_->setVisible(!note.isEmpty());
  push_->setEnabled(why.empty() && readable && confirmed);
}

}  // namespace qd::widgets
