// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/presets_page.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QHeaderView>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPointer>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/params/param_model.h"

namespace qd::widgets {
namespace {

constexpr const char* kPrefix = "preset/";

QString qt(const std::string& text) {
  return QString::fromStdString(text);
}

}  // namespace

PresetsPage::PresetsPage(params::ParamBook& book, ingest::Directory& directory, QWidget* parent)
    : QWidget(parent),
      book_(book),
      directory_(directory),
      list_(new QListWidget(this)),
      diff_(new QTreeWidget(this)),
      note_(new QLabel(this)),
      stage_(new QPushButton(tr("Stage"), this)),
      save_(new QPushButton(tr("Save…"), this)),
      import_(new QPushButton(tr("Import…"), this)),
      export_(new QPushButton(tr("Export…"), this)),
      remove_(new QPushButton(tr("Remove"), this)) {
  list_->setObjectName(QStringLiteral("presetList"));
  diff_->setObjectName(QStringLiteral("presetDiff"));
  diff_->setHeaderLabels({tr("Process"), tr("Parameter"), tr("Live → preset")});
  diff_->setRootIsDecorated(false);
  diff_->setUniformRowHeights(true);
  diff_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  note_->setWordWrap(true);
  stage_->setObjectName(QStringLiteral("presetStage"));
  stage_->setToolTip(tr("Stages what differs; the review comes before anything is pushed"));
  save_->setToolTip(tr("What the first process has beyond its defaults, under a name"));
  auto* back = new QPushButton(tr("Back"), this);
  auto* buttons = new QGridLayout;
  buttons->addWidget(stage_, 0, 0);
  buttons->addWidget(save_, 0, 1);
  buttons->addWidget(remove_, 0, 2);
  buttons->addWidget(import_, 1, 0);
  buttons->addWidget(export_, 1, 1);
  buttons->addWidget(back, 1, 2);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kPad, kGap, kPad, kPad);
  layout->setSpacing(kGap);
  layout->addWidget(list_, 1);
  layout->addWidget(diff_, 2);
  layout->addWidget(note_);
  layout->addLayout(buttons);
  connect(back, &QPushButton::clicked, this, &PresetsPage::left);
  connect(list_, &QListWidget::currentRowChanged, this, [this] { compare(); });
  connect(stage_, &QPushButton::clicked, this, &PresetsPage::stage);
  connect(save_, &QPushButton::clicked, this, &PresetsPage::save);
  connect(import_, &QPushButton::clicked, this, &PresetsPage::importFile);
  connect(export_, &QPushButton::clicked, this, &PresetsPage::exportFile);
  connect(remove_, &QPushButton::clicked, this, &PresetsPage::remove);
}

void PresetsPage::setSource(const params::ChangeBook* changes, control::CommandPort* commands, const QString& who) {
  changes_ = changes;
  commands_ = commands;
  who_ = who;
}

void PresetsPage::show(const std::vector<ProcessId>& targets) {
  targets_ = targets;
  if (changes_ != nullptr && shown_ != changes_->revision() + 1) fill();
  compare();
}

void PresetsPage::fill() {
  shown_ = changes_->revision() + 1;
  const QString before = list_->currentItem() == nullptr ? QString() : list_->currentItem()->text();
  const QSignalBlocker quiet(list_);
  list_->clear();
  for (const ingest::SharedItem& item : changes_->shared(kPrefix)) {
    auto* row = new QListWidgetItem(qt(item.key.substr(std::string_view(kPrefix).size())), list_);
    row->setToolTip(tr("By %1, %2").arg(qt(item.who), formatUtc(item.time)));
    row->setData(Qt::UserRole, qt(item.value));
    if (row->text() == before) list_->setCurrentItem(row);
  }
  if (list_->currentItem() == nullptr && list_->count() > 0) list_->setCurrentRow(0);
}

std::optional<params::Preset> PresetsPage::chosen() const {
  const QListWidgetItem* item = list_->currentItem();
  if (item == nullptr) return std::nullopt;
  auto preset = params::presetFromToml(item->data(Qt::UserRole).toString().toStdString(), item->text().toStdString());
  if (!preset) return std::nullopt;
  preset->name = item->text().toStdString();
  return *preset;
}

std::vector<ingest::ParameterValue> PresetsPage::liveOf(const ingest::ProcessInfo& process) const {
  std::vector<ingest::ParameterValue> out;
  for (const ingest::ParameterSpec& spec : process.parameters) {
    if (const auto value = book_.value(process.id, spec.name)) out.push_back(*value);
  }
  return out;
}

void PresetsPage::compare() {
  differences_.clear();
  diff_->clear();
  const auto preset = chosen();
  QString problem;
  for (const ProcessId& target : targets_) {
    const auto process = directory_.process(target);
    if (!preset || !process) continue;
    const auto found = params::differences(*preset, *process, liveOf(*process));
    if (!found) {
      problem = qt(found.error().message);
      continue;
    }
    for (const auto& difference : *found) {
      const auto spec = book_.spec(target, difference.name);
      const std::string unit = spec ? spec->unit : std::string();
      auto* row = new QTreeWidgetItem(
          diff_, {qt(target.value), qt(difference.name),
                  QStringLiteral("%1 → %2").arg(valueText(difference.live, unit), valueText(difference.wanted, unit))});
      row->setFont(2, numberFont(kTextPx));
      differences_.push_back(difference);
    }
  }
  const bool may = commands_ != nullptr;
  stage_->setEnabled(may && !differences_.empty());
  save_->setEnabled(may && !targets_.empty());
  import_->setEnabled(may);
  remove_->setEnabled(may && preset.has_value());
  export_->setEnabled(preset.has_value());
  if (!problem.isEmpty()) return note_->setText(problem);
  if (list_->count() == 0) {
    return note_->setText(tr("There is no preset yet. Save what a server has now, or import a TOML file."));
  }
  if (list_->currentItem() != nullptr && !preset)
    return note_->setText(tr("This preset does not read; export it and look."));
  const int processes = static_cast<int>(targets_.size());
  note_->setText(differences_.empty() ? counted(processes, tr("1 process is as the preset says."),
                                                tr("%1 processes are as the preset says."))
                                      : counted(static_cast<qint64>(differences_.size()),
                                                tr("1 value differs from live."), tr("%1 values differ from live.")));
}

void PresetsPage::stage() {
  int edits = 0;
  QString problem;
  for (const auto& difference : differences_) {
    const auto done = book_.stage(difference.process, difference.name, difference.wanted);
    done ? void(++edits) : void(problem = qt(done.error().message));
  }
  if (!problem.isEmpty()) Q_EMIT failed(problem);
  Q_EMIT staged(edits);
}

void PresetsPage::save() {
  const auto process = targets_.empty() ? nullptr : directory_.process(targets_.front());
  if (!process) return;
  params::Preset preset = params::presetOf(*process, liveOf(*process), true);
  if (preset.values.empty()) {
    return note_->setText(tr("Nothing of %1 differs from its default.").arg(qt(process->id.value)));
  }
  bool good = false;
  const QString name =
      QInputDialog::getText(this, tr("Save a preset"), tr("Name for what %1 has now:").arg(qt(process->id.value)),
                            QLineEdit::Normal, QString(), &good);
  preset.name = name.trimmed().toStdString();
  if (good && !preset.name.empty()) write(preset, false);
}

void PresetsPage::importFile() {
  const QString path = QFileDialog::getOpenFileName(this, tr("Import a preset"), QString(), tr("Presets (*.toml)"));
  if (path.isEmpty()) return;
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) return note_->setText(tr("%1 cannot be opened.").arg(path));
  auto preset = params::presetFromToml(file.readAll().toStdString(), path.toStdString());
  if (!preset) return note_->setText(qt(preset.error().message));
  if (preset->name.empty()) preset->name = QFileInfo(path).completeBaseName().toStdString();
  write(*preset, false);
}

void PresetsPage::exportFile() {
  const auto preset = chosen();
  if (!preset) return;
  const QString path = QFileDialog::getSaveFileName(this, tr("Export a preset"),
                                                    qt(preset->name) + QStringLiteral(".toml"), tr("Presets (*.toml)"));
  if (path.isEmpty()) return;
  QFile file(path);
  const QByteArray text = QByteArray::fromStdString(params::toToml(*preset));
  if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(text) != text.size()) {
    note_->setText(tr("%1 cannot be written.").arg(path));
  }
}

void PresetsPage::remove() {
  if (const auto preset = chosen()) write(*preset, true);
}

void PresetsPage::write(const params::Preset& preset, bool removed) {
  if (commands_ == nullptr) return;
  control::SharedWrite item;
  item.item.key = kPrefix + preset.name;
  item.item.value = removed ? std::string() : params::toToml(preset);
  item.item.who = who_.toStdString();
  item.item.removed = removed;
  commands_->share(std::move(item), [page = QPointer<PresetsPage>(this)](const auto& done) {
    if (done) return;
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [page, sentence = qt(done.error().message)] {
          if (page) page->note_->setText(sentence);
        },
        Qt::QueuedConnection);
  });
}

}  // namespace qd::widgets
