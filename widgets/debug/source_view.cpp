// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/debug/source_view.h"

#include <Qsci/qscilexercpp.h>

#include <QEvent>

#include "widgets/base/theme.h"

namespace qd::widgets {
namespace {

enum Marker { kArmed, kNotArmed, kRejected, kArrow, kCaller, kLineBack };
constexpr int kNumbers = 0, kSymbols = 1;

// Go is near enough to C for its colours; its words are not.
class GoLexer final : public QsciLexerCPP {
 public:
  explicit GoLexer(QObject* parent) : QsciLexerCPP(parent) {}
  const char* keywords(int set) const override {
    if (set != 1) return nullptr;
    return "break case chan const continue default defer else fallthrough for func go goto if import interface map "
           "package range return select struct switch type var nil true false iota";
  }
};

}  // namespace

SourceView::SourceView(QWidget* parent) : QsciScintilla(parent) {
  setReadOnly(true);
  setUtf8(true);
  setTabWidth(4);
  setMarginType(kNumbers, QsciScintilla::NumberMargin);
  setMarginType(kSymbols, QsciScintilla::SymbolMargin);
  setMarginWidth(kSymbols, 18);
  for (const int margin : {kNumbers, kSymbols}) setMarginSensitivity(margin, true);
  setMarginWidth(2, 0);
  markerDefine(QsciScintilla::Circle, kArmed);
  markerDefine(QsciScintilla::Circle, kNotArmed);
  markerDefine(QsciScintilla::ThreeRightArrows, kRejected);
  markerDefine(QsciScintilla::RightArrow, kArrow);
  markerDefine(QsciScintilla::RightTriangle, kCaller);
  markerDefine(QsciScintilla::Background, kLineBack);
  setMarginMarkerMask(kSymbols, (1 << kArmed) | (1 << kNotArmed) | (1 << kRejected) | (1 << kArrow) | (1 << kCaller));
  setCaretLineVisible(true);
  connect(this, &QsciScintilla::marginClicked, this,
          [this](int, int line, Qt::KeyboardModifiers) { Q_EMIT toggled(line + 1); });
  dress();
}

void SourceView::dress() {
  const Colors& c = colorsOf(this);
  QFont font = codeFont();
  font.setPointSizeF(font.pixelSize() * 72.0 / logicalDpiY());  // QScintilla knows no pixels
  if (lexer_ != nullptr) {
    lexer_->setDefaultFont(font);
    lexer_->setFont(font);
    lexer_->setPaper(c.panel);
    lexer_->setDefaultPaper(c.panel);
    lexer_->setColor(c.text);
    lexer_->setDefaultColor(c.text);
    for (const int style : {QsciLexerCPP::Comment, QsciLexerCPP::CommentLine, QsciLexerCPP::CommentDoc}) {
      lexer_->setColor(c.muted, style);
    }
    for (const int style : {QsciLexerCPP::Keyword, QsciLexerCPP::PreProcessor}) lexer_->setColor(c.accent, style);
    for (const int style : {QsciLexerCPP::DoubleQuotedString, QsciLexerCPP::SingleQuotedString, QsciLexerCPP::Number}) {
      lexer_->setColor(c.ok, style);
    }
  }
  setFont(font);
  setPaper(c.panel);
  setColor(c.text);
  setMarginsFont(font);
  setMarginsBackgroundColor(c.raised);
  setMarginsForegroundColor(c.muted);
  setCaretForegroundColor(c.text);
  setCaretLineBackgroundColor(c.raised);
  setSelectionBackgroundColor(c.accent);
  setSelectionForegroundColor(c.accentText);
  setMarkerBackgroundColor(c.alarm, kArmed);
  setMarkerForegroundColor(c.alarm, kArmed);
  setMarkerBackgroundColor(c.panel, kNotArmed);
  setMarkerForegroundColor(c.alarm, kNotArmed);
  setMarkerForegroundColor(c.alarm, kRejected);
  for (const int marker : {int(kArrow), int(kCaller)}) {
    setMarkerBackgroundColor(c.caution, marker);
    setMarkerForegroundColor(c.text, marker);
  }
  QColor back = c.caution;
  back.setAlpha(70);
  setMarkerBackgroundColor(back, kLineBack);
}

void SourceView::changeEvent(QEvent* event) {
  QsciScintilla::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) dress();
}

void SourceView::showSource(const QString& file, const QString& text, int firstLine) {
  if (file != file_ || lexer_ == nullptr) {
    setLexer(nullptr);
    delete lexer_;
    lexer_ = file.endsWith(QLatin1String(".go")) ? new GoLexer(this) : new QsciLexerCPP(this);
    dress();
    setLexer(lexer_);
    dress();
  }
  file_ = file;
  setText(QString(std::max(firstLine - 1, 0), QLatin1Char('\n')) + text);
  setMarginWidth(kNumbers, QStringLiteral(" %1 ").arg(std::max(lines(), 100)));
  setMarks(marks_);
  current_ = 0;
}

void SourceView::setCurrentLine(int line, bool top) {
  for (const int marker : {int(kArrow), int(kCaller), int(kLineBack)}) markerDeleteAll(marker);
  if (line > 0 && line <= lines()) {
    markerAdd(line - 1, top ? kArrow : kCaller);
    markerAdd(line - 1, kLineBack);
    if (line != current_) {
      setCursorPosition(line - 1, 0);
      const int shown = std::max(SendScintilla(SCI_LINESONSCREEN), 1L);
      setFirstVisibleLine(std::max(line - 1 - shown / 3, 0));
    }
  }
  current_ = line;
}

void SourceView::setMarks(const std::map<int, LineMark>& marks) {
  for (const int marker : {int(kArmed), int(kNotArmed), int(kRejected)}) markerDeleteAll(marker);
  marks_ = marks;
  for (const auto& [line, mark] : marks) {
    if (line < 1 || line > lines()) continue;
    markerAdd(line - 1, mark == LineMark::Armed ? kArmed : mark == LineMark::NotArmed ? kNotArmed : kRejected);
  }
}

int SourceView::caretLine() const {
  int line = 0, column = 0;
  getCursorPosition(&line, &column);
  return line + 1;
}

}  // namespace qd::widgets
