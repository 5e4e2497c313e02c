// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/action_page.h"

#include <QApplication>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/params/param_delegate.h"

namespace qd::widgets {

ActionPage::ActionPage(QWidget* parent)
    : QWidget(parent), title_(new QLabel(this)), outcome_(new QLabel(this)), run_(new QPushButton(this)) {
  title_->setWordWrap(true);
  outcome_->setWordWrap(true);
  auto* back = new QPushButton(tr("Back"), this);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kPad, kPad, kPad, kPad);
  layout->setSpacing(kPad);
  layout->addWidget(title_);
  layout->addWidget(run_);
  layout->addWidget(outcome_);
  layout->addStretch(1);
  layout->addWidget(back, 0, Qt::AlignLeft);
  connect(back, &QPushButton::clicked, this, &ActionPage::left);
  connect(run_, &QPushButton::clicked, this, &ActionPage::run);
}

void ActionPage::show(const ProcessId& process, const ingest::ActionSpec& spec, control::CommandPort* commands,
                      const QString& who) {
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
      tr("<b>%1</b><br>%2").arg(name.toHtmlEscaped(), QString::fromStdString(spec.description).toHtmlEscaped()));
  run_->setText(tr("Run %1 on %2").arg(name, QString::fromStdString(process.value)));
  run_->setEnabled(commands != nullptr);
  outcome_->clear();
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
