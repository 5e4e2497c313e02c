// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/measure_view.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QHelpEvent>
#include <QLabel>
#include <QPainter>
#include <QTableWidget>
#include <QToolButton>
#include <QToolTip>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/format.h"
#include "widgets/base/icons.h"
#include "widgets/base/theme.h"

namespace qd::widgets::plot {
namespace {

constexpr int kHeight = 168, kLeastHeight = 96, kHistogramWidth = 210, kBins = 40;

}  // namespace

HistogramView::HistogramView(QWidget* parent) : QWidget(parent) {
  setFixedWidth(kHistogramWidth);
}

void HistogramView::show(const QString& title, analysis::Histogram histogram, double factor, const QString& unit,
                         const QColor& color) {
  title_ = title;
  histogram_ = std::move(histogram);
  factor_ = factor;
  unit_ = unit;
  color_ = color;
  update();
}

void HistogramView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& c = colorsOf(this);
  painter.fillRect(rect(), c.panel);
  painter.setFont(uiFont(kSmallPx));
  painter.setPen(c.muted);
  const QRect area = this->area();
  const QString title = painter.fontMetrics().elidedText(title_, Qt::ElideRight, area.width());
  painter.drawText(QRect(area.left(), 0, area.width(), 20), Qt::AlignLeft | Qt::AlignVCenter, title);
  const double most =
      histogram_.counts.empty() ? 0 : *std::max_element(histogram_.counts.begin(), histogram_.counts.end());
  if (most <= 0) {
    painter.drawText(area, Qt::AlignCenter | Qt::TextWordWrap, tr("Select a range (Shift + drag) for its histogram"));
    return;
  }
  const double width = static_cast<double>(area.width()) / static_cast<double>(histogram_.counts.size());
  for (std::size_t i = 0; i < histogram_.counts.size(); ++i) {
    if (histogram_.counts[i] <= 0) continue;
    // A bin with anything in it is seen.
    const double height = std::max(1.0, histogram_.counts[i] / most * area.height());
    const double x = area.left() + static_cast<double>(i) * width;
    painter.fillRect(QRectF(x, area.bottom() + 1 - height, std::max(1.0, width - 1), height), color_);
  }
  painter.setPen(c.border);
  painter.drawLine(area.bottomLeft() + QPoint(0, 1), area.bottomRight() + QPoint(0, 1));
  painter.setPen(c.muted);
  painter.setFont(numberFont());
  const QRect below(area.left(), area.bottom() + 2, area.width(), 16);
  painter.drawText(below, Qt::AlignLeft | Qt::AlignVCenter, formatNumber(histogram_.low * factor_));
  painter.drawText(below, Qt::AlignRight | Qt::AlignVCenter,
                   (formatNumber(histogram_.high * factor_) + QLatin1Char(' ') + unit_).trimmed());
}

QRect HistogramView::area() const {
  return rect().adjusted(kPad, 20, -kPad, -18);
}

bool HistogramView::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const QRect bars = area();
  const auto bins = static_cast<int>(histogram_.counts.size());
  const int bin = bins == 0 ? -1 : (help->pos().x() - bars.left()) * bins / std::max(1, bars.width());
  if (bin < 0 || bin >= bins) {
    QToolTip::hideText();
    return true;
  }
  const double width = (histogram_.high - histogram_.low) / bins * factor_,
               low = histogram_.low * factor_ + bin * width;
  const QString text = tr("%1 samples from %2 to %3 %4")
                           .arg(formatCount(histogram_.counts[static_cast<std::size_t>(bin)]), formatNumber(low),
                                formatNumber(low + width), unit_);
  // Below the bars: what is pointed at stays visible.
  QToolTip::showText(mapToGlobal(QPoint(help->pos().x(), height() + 4)), text.trimmed(), this);
  return true;
}

MeasureView::MeasureView(const series::Store& store, QWidget* parent)
    : QWidget(parent),
      store_(store),
      range_(new QLabel(this)),
      view_(new QTableWidget(this)),
      histogram_(new HistogramView(this)) {
  setMinimumHeight(kLeastHeight);  // gives way where the banner of a stop takes room too
  setMaximumHeight(kHeight);
  view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  view_->setSelectionBehavior(QAbstractItemView::SelectRows);
  view_->setSelectionMode(QAbstractItemView::SingleSelection);
  view_->verticalHeader()->hide();
  view_->verticalHeader()->setDefaultSectionSize(20);
  view_->horizontalHeader()->setHighlightSections(false);
  view_->setFrameShape(QFrame::NoFrame);
  view_->setFont(numberFont());
  view_->setFocusPolicy(Qt::ClickFocus);
  view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  range_->setFont(numberFont());
  range_->setMinimumWidth(0);
  range_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* top = new QHBoxLayout;
  top->addWidget(range_, 1);
  const auto button = [&](const QString& text, const QString& tip, void (MeasureView::*signal)()) {
    auto* made = new QToolButton(this);
    made->setText(text);
    made->setToolTip(tip);
    made->setFocusPolicy(Qt::TabFocus);
    connect(made, &QToolButton::clicked, this, signal);
    top->addWidget(made);
  };
  button(tr("Clear"), tr("Take away the cursors and the selected range"), &MeasureView::cleared);
  button(tr("Copy"), tr("Copy this table, as tab-separated text"), &MeasureView::copied);
  auto* below = new QHBoxLayout;
  below->setSpacing(kGap);
  below->addWidget(view_, 1);
  below->addWidget(histogram_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kPad, kGap, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(top);
  layout->addLayout(below, 1);
  connect(view_, &QTableWidget::currentCellChanged, this, [this](int row, int, int before, int) {
    if (row != before) showHistogram();
  });
  hide();
}

QSize MeasureView::sizeHint() const {
  return {QWidget::sizeHint().width(), kHeight};
}

void MeasureView::show(const Measures& measures, std::vector<Measured> series, const TickAt& tickOf) {
  measures_ = measures;
  series_ = std::move(series);
  setVisible(!measures_.empty());
  if (measures_.empty()) return;
  auto table = measure(store_, measures_, series_, tickOf);
  if (table != table_) {
    table_ = std::move(table);
    fill();
  }
  showHistogram();
}

void MeasureView::fill() {
  const int first = table_.firstSeries, current = std::max(first, view_->currentRow());
  range_->setText(table_.range.isEmpty() ? tr("Shift + drag selects a range for statistics") : table_.range);
  const auto rows = static_cast<int>(table_.rows.size());
  const bool sameColumns = view_->columnCount() == table_.header.size();
  view_->setColumnCount(static_cast<int>(table_.header.size()));
  view_->setHorizontalHeaderLabels(table_.header);
  view_->setRowCount(rows);
  for (int row = 0; row < rows; ++row) {
    const QStringList& cells = table_.rows[static_cast<std::size_t>(row)];
    for (int column = 0; column < cells.size(); ++column) {
      auto* item = new QTableWidgetItem(cells[column]);
      item->setTextAlignment((column == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
      const QColor color = table_.colors[static_cast<std::size_t>(row)];
      if (column == 0 && color.isValid()) {
        QPixmap swatch(10, 4);
        swatch.fill(color);
        item->setIcon(QIcon(swatch));
      }
      view_->setItem(row, column, item);
    }
  }
  if (!sameColumns) view_->resizeColumnsToContents();  // not at every change of a value: nothing jumps
  if (rows > first) view_->setCurrentCell(std::min(current, rows - 1), 0);
}

void MeasureView::showHistogram() {
  const int row = view_->currentRow() - table_.firstSeries;
  if (!measures_.range || row < 0 || static_cast<std::size_t>(row) >= series_.size()) {
    histogram_->show(QString(), {}, 1, QString(), QColor());
    return;
  }
  const Measured& one = series_[static_cast<std::size_t>(row)];
  auto bins = analysis::histogram(store_, one.series.bound, measures_.range->first, measures_.range->second, kBins);
  histogram_->show(one.name(), std::move(bins), one.factor, one.unit, one.series.color);
}

QString MeasureView::asTsv() const {
  QStringList lines{table_.header.join(QLatin1Char('\t'))};
  for (const auto& row : table_.rows) lines << row.join(QLatin1Char('\t'));
  if (!table_.range.isEmpty()) lines << tr("range") + QLatin1Char('\t') + table_.range;
  return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

}  // namespace qd::widgets::plot
