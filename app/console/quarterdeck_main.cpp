// SPDX-License-Identifier: GPL-3.0-or-later
// quarterdeck: the console. See docs for its options; exit codes 0 done, 1 failed, 2 wrong usage.
#include <fmt/format.h>

#include <QApplication>
#include <QFileInfo>
#include <QImage>
#include <QPixmap>
#include <QTimer>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "app/console/composition.h"
#include "app/console/end_signals.h"
#include "app/console/frame_stats.h"
#include "app/console/main_window.h"
#include "app/console/options.h"
#include "app/console/plurals.h"
#include "widgets/session/contexts.h"

namespace qd::console {
namespace {

using Request = session::SessionRequest;

// What the command line asks to be opened; empty: the start page.
Result<std::optional<Request>> requestOf(const Options& options) {
  if (options.stage) return Request{Request::Kind::Stage, {}, {}};
  if (!options.replay.empty()) {
    const QString path = QString::fromStdString(options.replay);
    if (!QFileInfo::exists(path))
      return fail(ErrorCode::NotFound, fmt::format("{}: there is no such file.", options.replay));
    return Request{Request::Kind::Replay, {}, QFileInfo(path).absoluteFilePath()};
  }
  if (!options.agents.empty()) {
    Request request;
    request.context.name = options.agents.front();
    request.context.agents = options.agents;
    return request;
  }
  if (options.context.empty()) return std::nullopt;
  const auto contexts = session::loadContexts(session::contextsPath());
  if (!contexts) return std::unexpected(contexts.error());
  for (const auto& context : *contexts) {
    if (context.name == options.context) return Request{Request::Kind::Attach, context, {}};
  }
  return fail(ErrorCode::NotFound,
              fmt::format("{} names no context \"{}\".", session::contextsPath(), options.context));
}

// Takes the picture at its time, then ends the program.
void scheduleScreenshot(const Options& options, MainWindow& window) {
  const int ms = static_cast<int>(options.after.ns / kNsPerMs);
  QTimer::singleShot(ms, &window, [&options, &window] {
    const QString path = QString::fromStdString(options.screenshot);
    const bool saved = window.grab().save(path, "PNG");
    if (!saved)
      fmt::print(stderr, "quarterdeck: the picture could not be written to {}: check the folder.\n",
                 options.screenshot);
    QApplication::exit(saved ? 0 : 1);
  });
}

// While the application starts, Qt's only fatal message is that no display answers: a sentence instead of a core dump.
void onStartMessage(QtMsgType type, const QMessageLogContext& /*context*/, const QString& /*text*/) {
  if (type != QtFatalMsg) return;
  fmt::print(stderr,
             "quarterdeck: No display can be opened; set DISPLAY or WAYLAND_DISPLAY, or run it under xvfb-run.\n");
  std::_Exit(1);
}

int run(int argc, char** argv) {
  const auto options = parseOptions(argc, argv, QD_VERSION);
  if (!options) {
    fmt::print(options.error().code == 0 ? stdout : stderr, "{}", options.error().text);
    return options.error().code;
  }
  const auto request = requestOf(*options);
  if (!request) {
    fmt::print(stderr, "quarterdeck: {}\n", request.error().message);
    return 1;
  }
  const QtMessageHandler usual = qInstallMessageHandler(onStartMessage);
  QApplication app(argc, argv);
  qInstallMessageHandler(usual);
  const EndSignals ends;
  QObject::connect(&ends, &EndSignals::asked, &app, [] { QApplication::exit(0); });
  EnglishPlurals plurals;
  QApplication::installTranslator(&plurals);
  QApplication::setApplicationName(QStringLiteral("quarterdeck"));
  QApplication::setDesktopFileName(QStringLiteral("quarterdeck"));
  QApplication::setApplicationVersion(QStringLiteral(QD_VERSION));
  QSettings settings(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("quarterdeck"),
                     QStringLiteral("quarterdeck"));
  std::optional<widgets::Scheme> scheme;
  if (!options->theme.empty()) scheme = options->theme == "light" ? widgets::Scheme::Light : widgets::Scheme::Dark;
  Composition composition(settings);
  composition.setBudget(static_cast<std::size_t>(options->memoryMib) << 20);
  MainWindow window(composition, settings, scheme);
  std::unique_ptr<FrameStats> stats;
  if (!options->frameStats.empty())
    stats = std::make_unique<FrameStats>(window, composition.ticker(), QString::fromStdString(options->frameStats));
  window.show();
  if (*request) composition.open(**request);
  if (!options->screenshot.empty()) scheduleScreenshot(*options, window);
  return QApplication::exec();
}

}  // namespace
}  // namespace qd::console

int main(int argc, char** argv) {
  return qd::console::run(argc, argv);
}
