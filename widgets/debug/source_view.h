// SPDX-License-Identifier: GPL-3.0-or-later
// Source text of one file, not to be edited: line numbers, breakpoints in the margin (a click asks to set or clear
// one), the line where a process stands. UI thread only.
#pragma once

#include <Qsci/qsciscintilla.h>

#include <map>

namespace qd::widgets {

enum class LineMark { Armed, NotArmed, Rejected };

class SourceView final : public QsciScintilla {
  Q_OBJECT
 public:
  explicit SourceView(QWidget* parent = nullptr);

  // `firstLine`: of `text`, where it is a part of the file; the lines before stay empty, so that numbers are right.
  void showSource(const QString& file, const QString& text, int firstLine);
  const QString& file() const { return file_; }
  // 0: none. `top`: the frame that runs next, else one that called it.
  void setCurrentLine(int line, bool top);
  void setMarks(const std::map<int, LineMark>& marks);
  int caretLine() const;  // 1-based

 Q_SIGNALS:
  void toggled(int line);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void dress();

  QString file_;
  QsciLexer* lexer_ = nullptr;
  std::map<int, LineMark> marks_;
  int current_ = 0;
};

}  // namespace qd::widgets
