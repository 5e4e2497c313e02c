// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/action_page.h"

#include <QApplication>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/control/confirmation.h"
#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/params/param_delegate.h"
#include "widgets/params/param_model.h"

namespace qd::widgets {

ActionPage::ActionPage(QWidget* parent)
    : QWidget(parent),
      title_(new QLabel(this)),
      outcome_(new QLabel(this)),
      comment_(new QLineEdit(this)),
      typed_(new QLineEdit(this)),
      run_(new QPushButton(this)) {
  comment_->setObjectName(QStringLiteral("actionComment"));
  typed_->setObjectName(QStringLiteral("actionConfirm"));
  run_->setObjectName(QStringLiteral("actionRun"));
  title_->setWordWrap(true);
  outcome_->setWordWrap(true);
  auto* back = new QPushButton(tr("Back"), this);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kPad, kPad, kPad, kPad);
  layout->setSpacing(kPad);
  layout->addWidget(title_);
  layout->addWidget(comment_);
  layout->addWidget(typed_);
  layout->addWidget(run_);
  layout->addWidget(outcome_);
  layout->addStretch(1);
  layout->addWidget(back, 0, Qt::AlignLeft);
  connect(back, &QPushButton::clicked, this, &ActionPage::left);
  connect(run_, &QPushButton::clicked, this, &ActionPage::run);
  for (QLineEdit* line : {comment_, typed_}) connect(line, &QLineEdit::textChanged, this, [this] { update(); });
}

void ActionPage::show(const ProcessId& process, const ingest::ActionSpec& spec, control::CommandPort* commands,
                      const QString& who, std::optional<std::int64_t> players) {
  process_ = process;
  spec_ = spec;
  commands_ = commands;
  who_ = who;
  delete formBox_;
  formBox_ = new QWidget(this);
  auto* form = new QFormLayout(formBox_);
  form->setContentsMargins(0, 0, 0, 0);
  editors_.clear();
  for (const ingest::ParameterSpec& argument : spec.arguments) {
    editors_.push_back(makeValueEditor(argument, argument.defaultValue, formBox_));
    form->addRow(QString::fromStdString(argument.name), editors_.back());
  }
  static_cast<QVBoxLayout*>(layout())->insertWidget(1, formBox_);
  const QString name = QString::fromStdString(spec.name);
  title_->setText(
      tr("<b>%1</b> · %2<br>%3")
          .arg(name.toHtmlEscaped(), riskText(spec.risk), QString::fromStdString(spec.description).toHtmlEscaped()));
  const bool dangerous = spec.risk == ingest::Risk::Dangerous;
  wanted_ = dangerous ? QString::fromStdString(control::confirmationText({process}, players)) : QString();
  comment_->clear();
  comment_->setPlaceholderText(dangerous ? tr("Why? (required, kept in the audit)") : tr("Why? (kept in the audit)"));
  typed_->clear();
  typed_->setVisible(dangerous);
  typed_->setPlaceholderText(tr("Dangerous: type \"%1\"").arg(wanted_));
  run_->setText(tr("Run %1 on %2").arg(name, QString::fromStdString(process.value)));
  outcome_->clear();
  update();
}

void ActionPage::update() {
  const bool dangerous = !wanted_.isEmpty();
  const bool sure = !dangerous || (!comment_->text().trimmed().isEmpty() && typed_->text().trimmed() == wanted_);
  run_->setEnabled(commands_ != nullptr && sure);
}

void ActionPage::run() {
  control::ActionOrder order{
      .actionId = control::newPushId(), .target = process_, .name = spec_.name, .who = who_.toStdString()};
  for (std::size_t i = 0; i < editors_.size(); ++i) {
    const Result<Value> value = editedValue(spec_.arguments[i], editors_[i]);
    if (!value) {
      outcome_->setText(QString::fromStdString(spec_.arguments[i].name + ": " + value.error().message));
      return;
    }
    order.arguments.emplace_back(spec_.arguments[i].name, *value);
  }
  order.why = comment_->text().trimmed().toStdString();
  if (!wanted_.isEmpty()) order.confirmed = typed_->text().trimmed().toStdString();
  outcome_->setText(tr("pending…"));
  // The answer comes on a network thread; the page may be gone by then.
  commands_->runAction(std::move(order), [page = QPointer<ActionPage>(this)](Result<ingest::ActionResult> answer) {
    QString text = answer ? (answer->ok ? tr("Done at tick %1. %2") : tr("Refused at tick %1: %2"))
                                .arg(formatTick(answer->tick), QString::fromStdString(answer->text))
                          : QString::fromStdString(answer.error().message);
    QMetaObject::invokeMethod(qApp, [page, text] {
      if (page) page->outcome_->setText(text);
    });
  });
}

}  // namespace qd::widgets
