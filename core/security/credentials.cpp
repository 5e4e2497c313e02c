// SPDX-License-Identifier: Apache-2.0
#include "core/security/credentials.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

namespace qd::security {
namespace {

constexpr unsigned kReloadSeconds = 1;

using Watcher = grpc::experimental::FileWatcherCertificateProvider;

}  // namespace

Result<std::shared_ptr<grpc::ChannelCredentials>> channelCredentials(const TlsOptions& options,
                                                                     grpc::ChannelArguments& arguments) {
  if (!options.enabled()) return grpc::InsecureChannelCredentials();
  if (auto checked = check(options); !checked) return std::unexpected(checked.error());
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(std::make_shared<Watcher>(options.key, options.cert, options.ca, kReloadSeconds));
  if (!options.ca.empty()) tls.watch_root_certs();
  if (!options.cert.empty()) tls.watch_identity_key_cert_pairs();
  if (!options.serverName.empty()) arguments.SetSslTargetNameOverride(options.serverName);
  return grpc::experimental::TlsCredentials(tls);
}

Result<std::shared_ptr<grpc::ServerCredentials>> serverCredentials(const TlsOptions& options) {
  if (options.cert.empty() || options.key.empty() || options.ca.empty()) {
    return fail(
        ErrorCode::InvalidArgument,
        "TLS needs a certificate, its key and the CA of the clients: give --tls-cert, --tls-key and --client-ca.");
  }
  if (auto checked = check(options); !checked) return std::unexpected(checked.error());
  grpc::experimental::TlsServerCredentialsOptions tls(
      std::make_shared<Watcher>(options.key, options.cert, options.ca, kReloadSeconds));
  tls.watch_root_certs();
  tls.watch_identity_key_cert_pairs();
  tls.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(tls);
}

Identity identityOf(const grpc::AuthContext& context) {
  Identity out;
  if (!context.IsPeerAuthenticated()) return out;
  const auto names = context.FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  if (!names.empty()) out.who.assign(names.front().data(), names.front().size());
  for (const grpc::string_ref& uri : context.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    if (const auto role = roleFromUri({uri.data(), uri.size()})) out.roles.add(*role);
  }
  return out;
}

}  // namespace qd::security
