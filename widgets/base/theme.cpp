// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/theme.h"

#include <QApplication>
#include <QPalette>
#include <QStyle>
#include <QStyleFactory>
#include <QWidget>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

namespace qd::widgets {
namespace {

QColor rgb(QRgb value) {
  return QColor(value);
}

Colors darkColors() {
  return {.scheme = Scheme::Dark,
          .window = rgb(0x12161b),
          .panel = rgb(0x191f26),
          .raised = rgb(0x252d37),
          .border = rgb(0x323d49),
          .grid = rgb(0x29323c),
          .text = rgb(0xe8ecf1),
          .muted = rgb(0xa3afbb),
          .faint = rgb(0x74818e),
          .accent = rgb(0x3a6ea5),
          .accentText = rgb(0xffffff),
          .ok = rgb(0x3fbf8f),
          .caution = rgb(0xf0c948),
          .alarm = rgb(0xff5c5c),
          .interpolated = rgb(0x2e7d64),
          .extrapolated = rgb(0xd9b430),
          .held = rgb(0xcc79a7),
          .push = rgb(0x4fd1b5),
          .hit = rgb(0xd59bf0),
          .mark = rgb(0xe8ecf1)};
}

Colors lightColors() {
  return {.scheme = Scheme::Light,
          .window = rgb(0xeef1f4),
          .panel = rgb(0xffffff),
          .raised = rgb(0xe4e9ee),
          .border = rgb(0xc3ccd5),
          .grid = rgb(0xe3e8ed),
          .text = rgb(0x14191f),
          .muted = rgb(0x4c5965),
          .faint = rgb(0x76828e),
          .accent = rgb(0x1f5f99),
          .accentText = rgb(0xffffff),
          .ok = rgb(0x00795a),
          .caution = rgb(0x8a6700),
          .alarm = rgb(0xc4231c),
          .interpolated = rgb(0x7cc4ac),
          .extrapolated = rgb(0xd9a800),
          .held = rgb(0xb3538a),
          .push = rgb(0x007a68),
          .hit = rgb(0x8430a8),
          .mark = rgb(0x14191f)};
}

QPalette paletteOf(const Colors& c) {
  QPalette p;
  p.setColor(QPalette::Window, c.window);
  p.setColor(QPalette::WindowText, c.text);
  p.setColor(QPalette::Base, c.panel);
  p.setColor(QPalette::AlternateBase, c.scheme == Scheme::Dark ? c.panel.lighter(112) : c.panel.darker(103));
  p.setColor(QPalette::Text, c.text);
  p.setColor(QPalette::PlaceholderText, c.muted);
  p.setColor(QPalette::Button, c.raised);
  p.setColor(QPalette::ButtonText, c.text);
  p.setColor(QPalette::BrightText, c.alarm);
  p.setColor(QPalette::ToolTipBase, c.raised);
  p.setColor(QPalette::ToolTipText, c.text);
  p.setColor(QPalette::Highlight, c.accent);
  p.setColor(QPalette::HighlightedText, c.accentText);
  p.setColor(QPalette::Link, c.scheme == Scheme::Dark ? rgb(0x7fc4f2) : rgb(0x0b5c99));
  p.setColor(QPalette::Mid, c.border);
  p.setColor(QPalette::Dark, c.border);
  p.setColor(QPalette::Light, c.raised);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    p.setColor(QPalette::Disabled, role, c.faint);
  p.setColor(QPalette::Disabled, QPalette::Highlight, c.border);
  return p;
}

QString styleSheetOf(const Colors& c) {
  QString sheet = QStringLiteral(
      "QToolTip { background: %raised; color: %text; border: 1px solid %border; padding: 4px; }"
      "QMenu { background: %raised; border: 1px solid %border; padding: 4px 0; }"
      "QMenu::item { padding: 4px 24px; }"
      "QMenu::item:selected { background: %accent; color: %accentText; }"
      "QMenu::item:disabled { color: %faint; }"
      "QMenu::separator { height: 1px; background: %border; margin: 4px 0; }"
      "QMainWindow::separator { background: %window; width: 4px; height: 4px; }"
      "QSplitter::handle { background: %window; }"
      "QSplitter::handle:hover, QMainWindow::separator:hover { background: %accent; }"
      "QHeaderView::section { background: %panel; color: %muted; border: none; border-bottom: 1px solid %border;"
      " padding: 4px; }"
      "QTableView, QTreeView, QListView { border: none; gridline-color: %grid; }"
      "QPushButton { background: %raised; color: %text; border: 1px solid %border; border-radius: 4px;"
      " padding: 4px 12px; min-height: 16px; }"
      "QPushButton:hover { border-color: %accent; }"
      "QPushButton:focus { border: 1px solid %focus; }"
      "QPushButton:default, QPushButton[primary=\"true\"] { background: %accent; color: %accentText;"
      " border-color: %accent; }"
      "QPushButton:disabled { color: %faint; background: %panel; }"
      "QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }"
      "QToolButton { background: transparent; color: %text; border: 1px solid transparent; border-radius: 4px;"
      " padding: 3px; }"
      "QToolButton[boxed=\"true\"] { border-color: %border; padding: 3px 8px; }"
      "QToolButton[boxed=\"true\"]:disabled { border-color: %grid; }"
      "QToolButton::menu-indicator { image: none; }"
      "QToolButton:hover { background: %raised; }"
      "QToolButton:checked { background: %raised; border-color: %accent; }"
      "QToolButton:focus { border: 1px solid %focus; }"
      "QToolButton:disabled { color: %faint; }"
      "QScrollBar { background: %panel; border: none; margin: 0; }"
      "QScrollBar:vertical { width: 10px; }"
      "QScrollBar:horizontal { height: 10px; }"
      "QScrollBar::handle { background: %border; border-radius: 3px; margin: 2px; }"
      "QScrollBar::handle:vertical { min-height: 24px; }"
      "QScrollBar::handle:horizontal { min-width: 24px; }"
      "QScrollBar::handle:hover { background: %faint; }"
      "QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }"
      "QScrollBar::add-page, QScrollBar::sub-page { background: none; }"
      "QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox { background: %field; color: %text; border: 1px solid %border;"
      " border-radius: 4px; padding: 3px 6px; min-height: 16px; }"
      "QCheckBox::indicator { width: 13px; height: 13px; border: 1px solid %faint; border-radius: 3px;"
      " background: %field; }"
      "QCheckBox::indicator:checked { background: %accent; border-color: %accent;"
      " image: url(:/quarterdeck/check.xpm); }"
      "QCheckBox::indicator:disabled { border-color: %border; }"
      "QComboBox::drop-down { border: none; width: 18px; }"
      "QComboBox::down-arrow { image: url(:/quarterdeck/chevron-down-%scheme.xpm); }"
      "QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; background: transparent; width: "
      "18px; }"
      "QAbstractSpinBox::up-arrow { image: url(:/quarterdeck/chevron-up-%scheme.xpm); width: 9px; height: 6px; }"
      "QAbstractSpinBox::down-arrow { image: url(:/quarterdeck/chevron-down-%scheme.xpm); width: 9px; height: 6px; }"
      "QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus { border-color: %focus; }");
  // Longest names first, so that %accent does not eat the beginning of %accentText.
  const std::pair<const char*, QColor> names[] = {{"%accentText", c.accentText},
                                                  {"%raised", c.raised},
                                                  {"%border", c.border},
                                                  {"%window", c.window},
                                                  {"%accent", c.accent},
                                                  {"%panel", c.panel},
                                                  {"%muted", c.muted},
                                                  {"%faint", c.faint},
                                                  {"%grid", c.grid},
                                                  {"%text", c.text},
                                                  {"%field", c.window},
                                                  {"%focus", paletteOf(c).color(QPalette::Link)}};
  sheet.replace(QLatin1String("%scheme"), QLatin1String(c.scheme == Scheme::Dark ? "dark" : "light"));
  for (const auto& [name, color] : names) sheet.replace(QLatin1String(name), color.name());
  return sheet;
}

// Shades of one hue around the Okabe–Ito anchor (the first or second of each), told apart by lightness.
using Shades = std::array<QRgb, 6>;
constexpr Shades kBluesDark = {0x56b4e9, 0x2f86d6, 0xa9dbf7, 0x7b93e8, 0x3fa9c9, 0xd3e9f7};
constexpr Shades kBluesLight = {0x0072b2, 0x3d9ad1, 0x003f6b, 0x4b63c4, 0x007f9e, 0x7d9fb8};
constexpr Shades kOrangesDark = {0xe69f00, 0xf7cf7a, 0xc97a2b, 0xffb27a, 0xb88a2e, 0xf5e0b5};
constexpr Shades kOrangesLight = {0xc47f00, 0x7d4a00, 0xe69f00, 0xb35c1e, 0x96752a, 0x5c3a10};
constexpr Shades kOthersDark = {0x22b58a, 0xcc79a7, 0xf0e442, 0x8fd9c0, 0xe3b3cc, 0xb8b04a};
constexpr Shades kOthersLight = {0x00815e, 0xa8437a, 0x8a8000, 0x3f9c80, 0xc57fa5, 0x5f5800};

const Shades& shadesOf(Scheme scheme, ingest::ProcessKind kind) {
  const bool dark = scheme == Scheme::Dark;
  switch (kind) {
    case ingest::ProcessKind::Server:
      return dark ? kBluesDark : kBluesLight;
    case ingest::ProcessKind::Editor:
      return dark ? kOrangesDark : kOrangesLight;
    case ingest::ProcessKind::Other:
      break;
  }
  return dark ? kOthersDark : kOthersLight;
}

std::size_t hashOf(std::string_view text) {  // FNV-1a: the same in every build, unlike std::hash
  std::uint64_t h = 1469598103934665603ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return static_cast<std::size_t>(h ^ (h >> 32));
}

std::size_t ordinalOf(const std::string& id) {
  const auto digits = id.find_last_not_of("0123456789") + 1;
  if (digits >= id.size()) return hashOf(id);
  const unsigned long n = std::strtoul(id.c_str() + digits, nullptr, 10);
  return n > 0 ? n - 1 : 0;
}

// Series that share a plot of one process must differ; all others may share a variant.
std::size_t variantOf(const std::string& series) {
  static const std::map<std::string, std::size_t, std::less<>> kKnown = {
      {"tick.duration", 0},      {"net.rtt", 0},        {"net.jitter", 1},      {"net.rtt_dev", 2},
      {"interp.error", 0},       {"predict.error", 1},  {"net.bandwidth", 0},   {"npc.count", 0},
      {"tick.rate", 0},          {"frame.duration", 0}, {"interp.view_age", 0}, {"interp.held", 1},
      {"interp.extrapolated", 2}};
  const auto it = kKnown.find(series);
  return it != kKnown.end() ? it->second : hashOf(series) % 3;
}

}  // namespace

const Colors& colors(Scheme scheme) {
  static const Colors dark = darkColors();
  static const Colors light = lightColors();
  return scheme == Scheme::Dark ? dark : light;
}

const Colors& colorsOf(const QWidget* widget) {
  const bool dark = widget->palette().color(QPalette::Window).lightness() < 128;
  return colors(dark ? Scheme::Dark : Scheme::Light);
}

void applyTheme(QApplication& app, Scheme scheme) {
  const Colors& c = colors(scheme);
  QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  QApplication::setPalette(paletteOf(c));
  QApplication::setFont(uiFont());
  app.setStyleSheet(styleSheetOf(c));
}

Band bandOf(Environment environment) {
  switch (environment) {
    case Environment::Stage:
      return {rgb(0x0b6e66), rgb(0xffffff)};
    case Environment::Staging:
      return {rgb(0xf2b01e), rgb(0x1d1400)};
    case Environment::Production:
      return {rgb(0xb3261e), rgb(0xffffff)};
    case Environment::Replay:
      return {rgb(0x6b3fc0), rgb(0xffffff)};
    case Environment::None:
      break;
  }
  return {rgb(0x4c5965), rgb(0xffffff)};
}

QColor seriesColor(Scheme scheme, ingest::ProcessKind kind, const ProcessId& process, const std::string& series) {
  const Shades& shades = shadesOf(scheme, kind);
  return rgb(shades[(ordinalOf(process.value) + 2 * variantOf(series)) % shades.size()]);
}

namespace {
QFont makeFont(const QStringList& families, int px, int weight) {
  QFont font;
  font.setFamilies(families);
  font.setPixelSize(std::max(px, kSmallPx));
  font.setWeight(static_cast<QFont::Weight>(weight));
  return font;
}
}  // namespace

QFont uiFont(int px, int weight) {
  return makeFont({QStringLiteral("Inter"), QStringLiteral("DejaVu Sans")}, px, weight);
}

// Inter has tabular figures only behind an OpenType feature that Qt 6.4 cannot switch on; those of DejaVu are always
// so.
QFont numberFont(int px, int weight) {
  return makeFont({QStringLiteral("DejaVu Sans Condensed"), QStringLiteral("DejaVu Sans")}, px, weight);
}

QFont codeFont(int px) {
  return makeFont({QStringLiteral("DejaVu Sans Mono")}, px, QFont::Normal);
}

}  // namespace qd::widgets
