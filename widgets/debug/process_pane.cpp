// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/debug/process_pane.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QEvent>
#include <QFile>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QSplitter>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "core/breakpoints/registry_view.h"
#include "core/control/command_port.h"
#include "widgets/base/theme.h"
#include "widgets/debug/source_view.h"
#include "widgets/debug/variables_tree.h"

namespace qd::widgets {
namespace {

constexpr qint64 kLargestFile = 4 << 20;

QString qt(const std::string& text) {
  return QString::fromStdString(text);
}

std::vector<control::DebugVariable> variablesOf(const ingest::HitMember& member) {
  std::vector<control::DebugVariable> out;
  for (const Field& local : member.locals) out.push_back({local.first, toText(local.second), "", 0});
  return out;
}

}  // namespace

ProcessPane::ProcessPane(const SessionContext& context, QWidget* parent)
    : QWidget(parent),
      context_(context),
      name_(new QLabel),
      standing_(new QLabel),
      path_(new QLineEdit),
      note_(new QLabel),
      source_(new SourceView),
      threads_(new QComboBox),
      stack_(new QTreeWidget),
      variables_(new VariablesTree) {
  build();
  connect(source_, &SourceView::toggled, this, [this](int line) {
    if (!source_->file().isEmpty()) Q_EMIT toggled(source_->file(), line);
  });
  connect(path_, &QLineEdit::returnPressed, this, [this] { openFile(path_->text().trimmed(), 0); });
  connect(stack_, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
    if (item != nullptr) chooseFrame(stack_->indexOfTopLevelItem(item));
  });
  connect(threads_, &QComboBox::activated, this, [this] {
    look(
        {process_, control::InspectWhat::Stack, epoch_, thread()},
        [this](const control::Inspected& seen) { showFrames(seen.frames); }, [this](const QString& why) { note(why); });
  });
  connect(variables_, &VariablesTree::wantsBelow, this, [this](quint64 question, qint64 reference) {
    look(
        {process_, control::InspectWhat::Variables, epoch_, 0, 0, reference},
        [this, question](const control::Inspected& seen) { variables_->showBelow(question, seen.variables); },
        [this](const QString& why) { note(why); });
  });
  for (QWidget* part : {static_cast<QWidget*>(source_), static_cast<QWidget*>(stack_),
                        static_cast<QWidget*>(variables_), static_cast<QWidget*>(source_->viewport())}) {
    part->installEventFilter(this);
  }
}

void ProcessPane::build() {
  name_->setFont(uiFont(kTextPx, QFont::DemiBold));
  standing_->setFont(numberFont(kSmallPx));
  standing_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  path_->setPlaceholderText(tr("Source file: its path as the program was built"));
  path_->setObjectName(QStringLiteral("sourcePath"));
  note_->setWordWrap(true);
  note_->hide();
  threads_->setObjectName(QStringLiteral("threads"));
  threads_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  stack_->setObjectName(QStringLiteral("stack"));
  stack_->setHeaderLabels({tr("Function"), tr("Line")});
  stack_->setRootIsDecorated(false);
  stack_->setUniformRowHeights(true);
  stack_->header()->resizeSection(0, 140);
  auto* head = new QHBoxLayout;
  head->setSpacing(kPad);
  head->addWidget(name_);
  head->addWidget(standing_, 1);
  auto* frames = new QWidget;
  auto* framesLayout = new QVBoxLayout(frames);
  framesLayout->setContentsMargins({});
  framesLayout->setSpacing(kGap);
  framesLayout->addWidget(threads_);
  framesLayout->addWidget(stack_, 1);
  auto* below = new QSplitter(Qt::Horizontal);
  below->addWidget(frames);
  below->addWidget(variables_);
  below->setSizes({200, 320});
  auto* all = new QSplitter(Qt::Vertical);
  all->addWidget(source_);
  all->addWidget(below);
  all->setChildrenCollapsible(false);
  all->setSizes({300, 150});
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins({});
  layout->setSpacing(kGap);
  layout->addLayout(head);
  layout->addWidget(path_);
  layout->addWidget(note_);
  layout->addWidget(all, 1);
}

bool ProcessPane::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusIn || event->type() == QEvent::MouseButtonPress) Q_EMIT activated();
  return QWidget::eventFilter(watched, event);
}

void ProcessPane::setProcess(const ProcessId& process) {
  if (process == process_) return;
  process_ = process;
  name_->setText(qt(process.value));
  hitId_.clear();
  member_ = {};
  marksRevision_ = 0;
  running();
}

void ProcessPane::setStanding(const QString& text) {
  standing_->setText(text);
  standing_->setToolTip(text);
}

void ProcessPane::note(const QString& text) {
  note_->setText(text);
  note_->setVisible(!text.isEmpty());
}

std::int64_t ProcessPane::thread() const {
  return threads_->currentData().toLongLong();
}
QString ProcessPane::file() const {
  return source_->file();
}
int ProcessPane::caretLine() const {
  return source_->caretLine();
}

void ProcessPane::running() {
  ++look_;
  live_ = false;
  frames_.clear();
  threads_->clear();
  threads_->hide();
  stack_->clear();
  variables_->nextStop();
  variables_->showProblem(tr("Locals are shown while it stands."));
  source_->setCurrentLine(0, true);
  note(QString());
}

// An answer comes on a network thread, perhaps after this pane or the stop is gone.
void ProcessPane::look(control::InspectOrder order, std::function<void(const control::Inspected&)> then,
                       std::function<void(const QString&)> failed) {
  if (context_.commands == nullptr) {
    if (failed) failed(tr("This is a recording: only what the bundle holds can be seen."));
    return;
  }
  using Answer = Result<control::Inspected>;
  context_.commands->inspect(std::move(order), [guard = QPointer<ProcessPane>(this), round = look_, then,
                                                failed](Answer answer) {
    QMetaObject::invokeMethod(QCoreApplication::instance(), [guard, round, then, failed, answer = std::move(answer)] {
      if (guard == nullptr || guard->look_ != round) return;
      if (answer) return then(*answer);
      if (failed) failed(qt(answer.error().message));
    });
  });
}

void ProcessPane::showHit(const ingest::Hit& hit, bool live, const std::optional<ingest::Hit>& before) {
  const auto found = std::ranges::find(hit.members, process_, [](const auto& m) { return m.state.process; });
  if (found == hit.members.end()) return running();
  const bool same = hit.id == hitId_ && live == live_;
  if (same && found->frames.size() == member_.frames.size() && found->state.state == member_.state.state) return;
  const bool more = same && live && !frames_.empty();
  member_ = *found;
  if (more) return;  // the debugger has said it already
  if (hit.id != hitId_) variables_->nextStop();
  hitId_ = hit.id;
  live_ = live;
  ++look_;
  note(QString());
  if (before && !live) {
    std::map<QString, QString> was;
    for (const auto& m : before->members) {
      if (m.state.process != process_ || m.frames.empty()) continue;
      for (const Field& f : m.locals) was[qt(m.frames.front().function + "/" + f.first)] = qt(toText(f.second));
    }
    variables_->setBefore(std::move(was));
  }
  fromBundle();
  if (!live || member_.thread.empty()) return;
  look({process_, control::InspectWhat::Threads}, [this](const control::Inspected& seen) {
    epoch_ = seen.epoch;
    threads_->clear();
    for (const auto& thread : seen.threads) threads_->addItem(qt(thread.name), static_cast<qlonglong>(thread.id));
    const auto current = std::ranges::find(seen.threads, true, &control::DebugThread::current);
    if (current != seen.threads.end()) threads_->setCurrentIndex(static_cast<int>(current - seen.threads.begin()));
    threads_->setVisible(threads_->count() > 0);
  });
  look({process_, control::InspectWhat::Stack}, [this](const control::Inspected& seen) {
    epoch_ = seen.epoch;
    showFrames(seen.frames);
  });
}

void ProcessPane::fromBundle() {
  threads_->clear();
  threads_->hide();
  if (!member_.thread.empty()) {
    threads_->addItem(qt(member_.thread));
    threads_->show();
  }
  std::vector<control::DebugFrame> frames;
  for (const auto& frame : member_.frames) frames.push_back({0, frame});
  showFrames(frames);
  if (frames.empty()) {
    variables_->showLocals({}, variablesOf(member_));
    if (member_.state.state == ingest::MemberState::Stopped) {
      note(tr("It stands between two ticks: no line of code, only what the site gave."));
    }
  }
}

void ProcessPane::showFrames(const std::vector<control::DebugFrame>& frames) {
  frames_ = frames;
  const QSignalBlocker quiet(stack_);
  stack_->clear();
  for (const auto& frame : frames) {
    const QString file = qt(frame.at.file);
    auto* item = new QTreeWidgetItem(
        stack_, {qt(frame.at.function),
                 file.isEmpty() ? QString()
                                : QStringLiteral("%1:%2").arg(file.section(QLatin1Char('/'), -1)).arg(frame.at.line)});
    item->setToolTip(0, qt(frame.at.function));
    item->setToolTip(1, QStringLiteral("%1:%2").arg(file).arg(frame.at.line));
  }
  // The topmost with a source: a process that was paused often stands in a library.
  const auto shown =
      std::ranges::find_if(frames, [](const auto& f) { return !f.at.file.empty() && QFile::exists(qt(f.at.file)); });
  int row = shown != frames.end() ? static_cast<int>(shown - frames.begin()) : 0;
  if (!member_.sources.empty()) {
    const auto kept = std::ranges::find(frames, member_.sources.front().file, [](const auto& f) { return f.at.file; });
    if (kept != frames.end()) row = static_cast<int>(kept - frames.begin());
  }
  if (frames.empty()) return;
  stack_->setCurrentItem(stack_->topLevelItem(row));
  chooseFrame(row);
}

void ProcessPane::chooseFrame(int row) {
  if (row < 0 || row >= static_cast<int>(frames_.size())) return;
  const control::DebugFrame frame = frames_[static_cast<std::size_t>(row)];
  showLine(frame.at, row == 0);
  if (frame.id == 0) {
    if (row == 0) {
      variables_->showLocals(qt(frame.at.function), variablesOf(member_));
    } else {
      variables_->showProblem(tr("The bundle holds the locals of the top frame."));
    }
    return;
  }
  look(
      {process_, control::InspectWhat::Variables, epoch_, 0, frame.id},
      [this, function = qt(frame.at.function)](const control::Inspected& seen) {
        variables_->showLocals(function, seen.variables);
      },
      [this](const QString& why) { variables_->showProblem(why); });
}

// --- source ----------------------------------------------------------------------------------------------------------

bool ProcessPane::fromDisk(const QString& file) {
  QFile in(file);
  if (!in.exists() || in.size() > kLargestFile || !in.open(QIODevice::ReadOnly)) return false;
  source_->showSource(file, QString::fromUtf8(in.readAll()), 1);
  return true;
}

bool ProcessPane::fromHit(const QString& file, int line) {
  for (const ingest::SourceText& text : member_.sources) {
    const auto lines = static_cast<int>(std::ranges::count(text.text, '\n'));
    if (qt(text.file) != file || line < text.firstLine || line >= text.firstLine + lines) continue;
    source_->showSource(file, qt(text.text), text.firstLine);
    return true;
  }
  return false;
}

void ProcessPane::showLine(const ingest::StackFrame& frame, bool top) {
  const QString file = qt(frame.file);
  path_->setText(file);
  if (file.isEmpty()) return source_->setCurrentLine(0, top);
  const auto marked = [this, line = frame.line, top] {
    marksRevision_ = 0;
    refreshMarks();
    source_->setCurrentLine(line, top);
  };
  // In a recording the file here may be another than the one that ran: the bundle's lines are the true ones.
  if (context_.replay && fromHit(file, frame.line)) return marked();
  if (file == source_->file() && !context_.replay && QFile::exists(file)) return marked();
  if (fromDisk(file)) return marked();
  fromHit(file, frame.line);
  marked();
  look(
      {process_, control::InspectWhat::Source, 0, 0, 0, 0, frame.file},
      [this, file, marked](const control::Inspected& seen) {
        if (!seen.source || path_->text() != file) return;
        source_->showSource(file, qt(seen.source->text), seen.source->firstLine);
        marked();
      },
      [this, file](const QString& why) {
        if (source_->file() != file && !context_.replay) note(why);
      });
}

void ProcessPane::openFile(const QString& file, int line) {
  if (file.isEmpty()) return;
  note(QString());
  ++look_;
  showLine({"", file.toStdString(), 0}, true);
  if (line > 0) source_->setCursorPosition(line - 1, 0);
}

void ProcessPane::refreshMarks() {
  const std::uint64_t revision = context_.breakpoints.revision();
  if (revision == marksRevision_) return;
  marksRevision_ = revision;
  std::map<int, LineMark> marks;
  for (const ingest::Breakpoint& b : context_.breakpoints.breakpoints()) {
    if (b.kind != ingest::BreakpointKind::Source || qt(b.site) != source_->file()) continue;
    const auto member = std::ranges::find(b.members, process_, &ingest::BreakpointMember::process);
    if (member == b.members.end()) continue;
    const bool rejected = member->ack == ingest::MemberAck::Rejected;
    marks[b.line] = b.armed ? LineMark::Armed : rejected ? LineMark::Rejected : LineMark::NotArmed;
    if (rejected || member->ack == ingest::MemberAck::Moved) note(qt(member->reason));
  }
  source_->setMarks(marks);
}

}  // namespace qd::widgets
