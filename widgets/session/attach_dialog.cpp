// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/session/attach_dialog.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QToolButton>

#include "widgets/base/theme.h"

namespace qd::session {

Result<std::vector<std::string>> parseEndpoints(const QString& text) {
  static const QRegularExpression separators(QStringLiteral("[,;\\s]+"));
  std::vector<std::string> out;
  for (const QString& part : text.split(separators, Qt::SkipEmptyParts)) {
    if (const auto ok = checkEndpoint(part.toStdString()); !ok) return std::unexpected(ok.error());
    out.push_back(part.toStdString());
  }
  if (out.empty()) return fail(ErrorCode::InvalidArgument, "Name at least one agent, such as 127.0.0.1:7400");
  return out;
}

AttachDialog::AttachDialog(const QString& lastUsed, QWidget* parent)
    : QDialog(parent), agents_(new QLineEdit(lastUsed)), problem_(new QLabel), tls_(new QCheckBox) {
  setWindowTitle(tr("Attach"));
  setMinimumWidth(520);
  auto* column = new QVBoxLayout(this);
  column->setSpacing(widgets::kPad);
  auto* form = new QFormLayout;
  agents_->setPlaceholderText(tr("127.0.0.1:7400, 127.0.0.1:7401"));
  agents_->setToolTip(tr("HOST:PORT of each agent, separated by commas"));
  form->addRow(tr("Agents"), agents_);
  column->addLayout(form);
  tls_->setText(tr("With certificates (needed everywhere but on this computer)"));
  column->addWidget(tls_);
  certificates_ = makeCertificates();
  certificates_->hide();
  column->addWidget(certificates_);
  problem_->setWordWrap(true);
  problem_->setMinimumHeight(36);
  problem_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  column->addWidget(problem_);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
  attach_ = buttons->addButton(tr("Attach"), QDialogButtonBox::AcceptRole);
  attach_->setDefault(true);
  column->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(tls_, &QCheckBox::toggled, this, [this](bool on) {
    certificates_->setVisible(on);
    check();
    adjustSize();
  });
  for (QLineEdit* edit : {agents_, ca_, cert_, key_})
    connect(edit, &QLineEdit::textChanged, this, &AttachDialog::check);
  check();
}

QWidget* AttachDialog::makeCertificates() {
  auto* box = new QWidget;
  auto* form = new QFormLayout(box);
  form->setContentsMargins(0, 0, 0, 0);
  ca_ = makeFileField(tr("CA certificate"), form);
  cert_ = makeFileField(tr("Your certificate"), form);
  key_ = makeFileField(tr("Your key"), form);
  serverName_ = new QLineEdit;
  serverName_->setPlaceholderText(tr("as in the agents' certificate, if it is not the host"));
  form->addRow(tr("Server name"), serverName_);
  return box;
}

QLineEdit* AttachDialog::makeFileField(const QString& title, QFormLayout* form) {
  auto* row = new QWidget;
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* edit = new QLineEdit;
  auto* browse = new QToolButton;
  browse->setText(tr("Choose…"));
  layout->addWidget(edit, 1);
  layout->addWidget(browse);
  form->addRow(title, row);
  connect(browse, &QToolButton::clicked, this, [this, edit, title] {
    const QString file = QFileDialog::getOpenFileName(this, title, QString(),
                                                      tr("Certificates and keys (*.pem *.crt *.key);;All files (*)"));
    if (!file.isEmpty()) edit->setText(file);
  });
  return edit;
}

void AttachDialog::check() {
  QString problem;
  if (const auto endpoints = parseEndpoints(agents_->text()); !endpoints) {
    problem = QString::fromStdString(endpoints.error().message);
  } else if (tls_->isChecked() && ca_->text().trimmed().isEmpty()) {
    problem = tr("Choose the CA certificate that signed the agents' ones.");
  } else if (tls_->isChecked() && cert_->text().trimmed().isEmpty() != key_->text().trimmed().isEmpty()) {
    problem = tr("Your certificate and your key go together.");
  }
  problem_->setText(problem);
  attach_->setEnabled(problem.isEmpty());
}

SessionRequest AttachDialog::request() const {
  SessionRequest request;
  request.kind = SessionRequest::Kind::Attach;
  request.context.agents = parseEndpoints(agents_->text()).value_or(std::vector<std::string>());
  request.context.name = request.context.agents.empty() ? std::string() : request.context.agents.front();
  if (!tls_->isChecked()) return request;
  request.context.caFile = ca_->text().trimmed().toStdString();
  request.context.certFile = cert_->text().trimmed().toStdString();
  request.context.keyFile = key_->text().trimmed().toStdString();
  request.context.serverName = serverName_->text().trimmed().toStdString();
  return request;
}

}  // namespace qd::session
