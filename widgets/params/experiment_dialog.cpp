// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/experiment_dialog.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QFile>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QPushButton>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTextBrowser>
#include <QVBoxLayout>

#include "core/control/command_port.h"
#include "core/control/confirmation.h"
#include "core/control/guard_text.h"
#include "core/ingest/directory.h"
#include "core/params/param_book.h"
#include "core/series/store.h"
#include "widgets/base/frame_tick.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"

namespace qd::widgets {
namespace {

constexpr std::int64_t kTimes[] = {10, 30, 60, 300, 600};

QString qt(const std::string& text) {
  return QString::fromStdString(text);
}

QLineEdit* line(const QString& name, const QString& hint) {
  auto* made = new QLineEdit;
  made->setObjectName(name);
  made->setPlaceholderText(hint);
  return made;
}

Result<std::vector<ingest::Guard>> guards(const QLineEdit* line) {
  std::vector<ingest::Guard> out;
  for (const QString& text : line->text().split(u';', Qt::SkipEmptyParts)) {
    auto guard = control::parseGuard(text.trimmed().toStdString());
    if (!guard) return std::unexpected(guard.error());
    out.push_back(guard->guard);
  }
  return out;
}

}  // namespace

ExperimentDialog::ExperimentDialog(const params::ChangeBook& book, const SessionContext& context, QWidget* parent)
    : QDialog(parent),
      book_(book),
      context_(context),
      pages_(new QStackedWidget(this)),
      name_(line(QStringLiteral("experimentName"), tr("Loss of 5 % on one server"))),
      hypothesis_(line(QStringLiteral("experimentHypothesis"), tr("A tick stays below 8 ms although …"))),
      fault_(line(QStringLiteral("experimentFault"), tr("net.loss"))),
      value_(line(QStringLiteral("experimentValue"), tr("5"))),
      refutes_(line(QStringLiteral("experimentRefutes"), tr("p99 tick.duration > 8 ms for 120 ticks"))),
      aborts_(line(QStringLiteral("experimentAborts"), tr("p99 tick.duration > 16 ms for 60 ticks"))),
      comment_(line(QStringLiteral("experimentComment"), tr("Why? (kept in the audit)"))),
      typed_(line(QStringLiteral("experimentConfirm"), QString())),
      targets_(new QComboBox),
      time_(new QComboBox),
      players_(new QSpinBox),
      note_(new QLabel),
      begin_(new QPushButton(tr("Begin"))),
      abort_(new QPushButton(tr("Abort"))),
      save_(new QPushButton(tr("Save report…"))),
      report_(new QTextBrowser) {
  setWindowTitle(tr("Experiment"));
  setAttribute(Qt::WA_DeleteOnClose);
  resize(560, 520);
  pages_->addWidget(makeForm());
  pages_->addWidget(makeReport());
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(pages_);
  connect(&context.ticker, &FrameTick::tick, this, [this](TimeNs, bool) { refresh(); });
  update();
}

QWidget* ExperimentDialog::makeForm() {
  auto* page = new QWidget;
  auto* form = new QFormLayout(page);
  const QString chosen = qt(context_.selection.process().value);
  targets_->addItems({chosen.isEmpty() ? tr("The selected server") : chosen, tr("All servers")});
  time_->addItems({tr("10 s"), tr("30 s"), tr("1 min"), tr("5 min"), tr("10 min")});
  time_->setCurrentIndex(1);
  players_->setRange(0, 1'000'000);
  players_->setSpecialValueText(tr("any number"));
  note_->setWordWrap(true);
  auto* fault = new QHBoxLayout;
  fault->addWidget(fault_, 2);
  fault->addWidget(new QLabel(QStringLiteral("=")));
  fault->addWidget(value_, 1);
  form->addRow(tr("Name"), name_);
  form->addRow(tr("Hypothesis"), hypothesis_);
  form->addRow(tr("Fault"), fault);
  form->addRow(tr("For"), time_);
  form->addRow(tr("Targets"), targets_);
  form->addRow(tr("At most players"), players_);
  form->addRow(tr("Refuted by"), refutes_);
  form->addRow(tr("Aborted by"), aborts_);
  form->addRow(tr("Comment"), comment_);
  form->addRow(tr("Confirm"), typed_);
  form->addRow(note_);
  form->addRow(begin_);
  begin_->setDefault(true);
  begin_->setObjectName(QStringLiteral("experimentBegin"));
  refutes_->setToolTip(tr("Several are separated by ;"));
  aborts_->setToolTip(tr("A breach takes the fault back within ticks, at the agent. Several are separated by ;"));
  players_->setToolTip(tr("The blast radius: it does not begin, and ends, where it touches more"));
  for (QLineEdit* edit : {name_, hypothesis_, fault_, value_, refutes_, aborts_, comment_, typed_}) {
    connect(edit, &QLineEdit::textChanged, this, [this] { update(); });
  }
  connect(targets_, &QComboBox::currentIndexChanged, this, [this] { update(); });
  connect(begin_, &QPushButton::clicked, this, &ExperimentDialog::begin);
  return page;
}

QWidget* ExperimentDialog::makeReport() {
  auto* page = new QWidget;
  auto* layout = new QVBoxLayout(page);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(abort_);
  buttons->addStretch(1);
  buttons->addWidget(save_);
  report_->setObjectName(QStringLiteral("experimentReport"));
  layout->addWidget(report_, 1);
  layout->addLayout(buttons);
  connect(abort_, &QPushButton::clicked, this, &ExperimentDialog::abort);
  connect(save_, &QPushButton::clicked, this, &ExperimentDialog::save);
  return page;
}

std::vector<ProcessId> ExperimentDialog::servers() const {
  if (targets_->currentIndex() == 0) {
    const ProcessId& one = context_.selection.process();
    return one.value.empty() ? std::vector<ProcessId>() : std::vector{one};
  }
  std::vector<ProcessId> out;
  for (const auto& info : context_.directory.processes()) {
    const bool here = info->kind == ingest::ProcessKind::Server && info->state != ingest::ProcessState::Gone;
    if (here) out.push_back(info->id);
  }
  return out;
}

Result<control::ExperimentPlan> ExperimentDialog::plan() const {
  control::ExperimentPlan plan;
  plan.id = "experiment-" + control::newPushId().substr(5);
  plan.name = name_->text().trimmed().toStdString();
  plan.hypothesis = hypothesis_->text().trimmed().toStdString();
  plan.comment = comment_->text().trimmed().toStdString();
  plan.who = context_.who.toStdString();
  plan.confirmed = typed_->text().trimmed().toStdString();
  plan.targets = servers();
  plan.time.ns = kTimes[std::clamp(time_->currentIndex(), 0, 4)] * kNsPerSecond;
  plan.mostPlayers = static_cast<std::uint32_t>(players_->value());
  const std::string fault = fault_->text().trimmed().toStdString();
  if (fault.empty())
    return fail(ErrorCode::InvalidArgument,
                tr("Name the parameter that is the fault, such as net.loss.").toStdString());
  for (const ProcessId& target : plan.targets) {
    const auto spec = context_.params.spec(target, fault);
    if (!spec)
      return fail(ErrorCode::NotFound,
                  tr("%1 has no parameter \"%2\".").arg(qt(target.value), qt(fault)).toStdString());
    auto value = parseValue(spec->type, value_->text().trimmed().toStdString());
    if (!value) return std::unexpected(value.error());
    if (auto good = params::ParamBook::validate(*spec, *value); !good) return std::unexpected(good.error());
    plan.fault = {{fault, std::move(*value), std::nullopt}};
  }
  auto refutes = guards(refutes_), aborts = guards(aborts_);
  if (!refutes) return std::unexpected(refutes.error());
  if (!aborts) return std::unexpected(aborts.error());
  plan.refutes = std::move(*refutes);
  plan.aborts = std::move(*aborts);
  if (auto sound = control::ExperimentRun::check(plan); !sound) return std::unexpected(sound.error());
  return plan;
}

void ExperimentDialog::update() {
  const auto made = plan();
  QString note = made ? QString() : qt(made.error().message);
  bool dangerous = false;
  wanted_.clear();
  if (made) {
    std::optional<std::int64_t> players;
    for (const ProcessId& target : made->targets) {
      const auto spec = context_.params.spec(target, made->fault.front().name);
      dangerous = dangerous || (spec && spec->risk == ingest::Risk::Dangerous);
      const auto id = context_.store.find(target, "players.online");
      const auto last = id ? context_.store.last(*id) : std::nullopt;
      if (last) players = players.value_or(0) + static_cast<std::int64_t>(last->value);
    }
    if (dangerous) wanted_ = qt(control::confirmationText(made->targets, players));
    if (dangerous && made->comment.empty()) note = tr("The fault is dangerous: say why in the comment.");
    if (dangerous && note.isEmpty() && typed_->text().trimmed() != wanted_) {
      note = tr("To begin what is dangerous, type: %1").arg(wanted_);
    }
  }
  typed_->setEnabled(dangerous);
  typed_->setPlaceholderText(dangerous ? wanted_ : tr("only for what is dangerous"));
  note_->setText(context_.commands == nullptr ? tr("This session is read-only.") : note);
  begin_->setEnabled(made && note.isEmpty() && context_.commands != nullptr);
}

void ExperimentDialog::begin() {
  const auto made = plan();
  if (!made || context_.commands == nullptr) return;
  id_ = made->id;
  begin_->setEnabled(false);
  write(*made, false);
}

void ExperimentDialog::write(const control::ExperimentPlan& plan, bool removed) {
  control::ExperimentState state;
  state.plan = plan;
  control::SharedWrite item;
  item.item.key = control::experimentKey(plan);
  item.item.value = removed ? std::string() : control::encode(state);
  item.item.who = context_.who.toStdString();
  item.item.removed = removed;
  context_.commands->share(std::move(item), [dialog = QPointer<ExperimentDialog>(this)](const auto& done) {
    if (done) return;
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [dialog, sentence = qt(done.error().message)] {
          if (!dialog) return;
          dialog->note_->setText(sentence);
          dialog->id_.clear();
          dialog->begin_->setEnabled(true);
        },
        Qt::QueuedConnection);
  });
}

void ExperimentDialog::follow(const std::string& id) {
  id_ = id;
  shown_ = 0;
  refresh();
}

std::optional<control::ExperimentState> ExperimentDialog::state() const {
  if (id_.empty()) return std::nullopt;
  for (const auto& item : book_.shared(control::kExperimentPrefix)) {
    auto state = control::experimentFrom(item.value);
    if (state && state->plan.id == id_) return *state;
  }
  return std::nullopt;
}

void ExperimentDialog::refresh() {
  if (id_.empty() || shown_ == book_.revision() + 1) return;
  const auto now = state();
  if (!now) return;
  shown_ = book_.revision() + 1;
  pages_->setCurrentIndex(1);
  report_->setMarkdown(qt(control::report(*now)));
  abort_->setEnabled(now->phase != control::ExperimentPhase::Over && context_.commands != nullptr);
  setWindowTitle(tr("Experiment: %1").arg(qt(now->plan.name)));
}

void ExperimentDialog::abort() {
  if (const auto now = state(); now && context_.commands != nullptr) write(now->plan, true);
}

void ExperimentDialog::save() {
  const auto now = state();
  if (!now) return;
  const QString path = QFileDialog::getSaveFileName(this, tr("Save the report"),
                                                    qt(now->plan.id) + QStringLiteral(".md"), tr("Markdown (*.md)"));
  if (path.isEmpty()) return;
  QFile file(path);
  const QByteArray text = QByteArray::fromStdString(control::report(*now));
  const bool written = file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(text) == text.size();
  if (!written) report_->append(tr("%1 cannot be written.").arg(path));
}

}  // namespace qd::widgets
