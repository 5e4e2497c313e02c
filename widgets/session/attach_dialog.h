// SPDX-License-Identifier: GPL-3.0-or-later
// Asks for the agents to attach to, and for certificates where they need TLS. Says what is wrong while one types.
// UI thread.
#pragma once

#include <QDialog>

#include "widgets/session/session_request.h"

class QCheckBox;
class QLabel;
class QFormLayout;
class QLineEdit;
class QPushButton;

namespace qd::session {

// "a:1, b:2 c:3" -> endpoints. Error: one sentence about the first that is wrong.
Result<std::vector<std::string>> parseEndpoints(const QString& text);

class AttachDialog final : public QDialog {
  Q_OBJECT
 public:
  explicit AttachDialog(const QString& lastUsed, QWidget* parent = nullptr);
  SessionRequest request() const;

 private:
  QWidget* makeCertificates();
  QLineEdit* makeFileField(const QString& title, QFormLayout* form);
  void check();

  QLineEdit* agents_;
  QLabel* problem_;
  QCheckBox* tls_;
  QWidget* certificates_;
  QLineEdit *ca_, *cert_, *key_, *serverName_;
  QPushButton* attach_;
};

}  // namespace qd::session
