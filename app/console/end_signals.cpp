// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/end_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <QSocketNotifier>
#include <atomic>
#include <cerrno>

namespace qd::console {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP};
std::atomic<int> writeEnd{-1};

// Nothing but a write may happen here, and whoever is interrupted keeps its errno.
void onSignal(int) {
  const int before = errno;
  const char byte = 0;
  [[maybe_unused]] const ssize_t written = ::write(writeEnd.load(), &byte, 1);
  errno = before;
}

void handle(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  for (const int number : kSignals) ::sigaction(number, &action, nullptr);
}

}  // namespace

EndSignals::EndSignals(QObject* parent) : QObject(parent) {
  if (::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) return;  // then they end the program as ever
  writeEnd = pipe_[1];
  auto* notifier = new QSocketNotifier(pipe_[0], QSocketNotifier::Read, this);
  connect(notifier, &QSocketNotifier::activated, this, [this, notifier] {
    notifier->setEnabled(false);
    Q_EMIT asked();
  });
  // SA_RESETHAND: the next one of the same kind is not waited for.
  handle(onSignal, SA_RESETHAND | SA_RESTART);
}

EndSignals::~EndSignals() {
  if (pipe_[0] < 0) return;
  handle(SIG_DFL, 0);
  writeEnd = -1;
  ::close(pipe_[0]);
  ::close(pipe_[1]);
}

}  // namespace qd::console
