// SPDX-License-Identifier: Apache-2.0
#include "core/security/tls_options.h"

#include <fmt/format.h>

#include <cerrno>

#include "core/security/openssl.h"

namespace qd::security {
namespace {

Result<BioPtr> open(const std::string& path) {
  errno = 0;
  BioPtr bio(BIO_new_file(path.c_str(), "r"));
  ERR_clear_error();
  if (!bio) return failErrno(fmt::format("Cannot read {}", path), errno);
  return bio;
}

Result<CertPtr> readCertificate(const std::string& path) {
  auto bio = open(path);
  if (!bio) return std::unexpected(bio.error());
  CertPtr certificate(PEM_read_bio_X509(bio->get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!certificate) {
    return fail(ErrorCode::InvalidArgument, fmt::format("{} holds no PEM certificate; give another file.", path));
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0) {
    return fail(ErrorCode::InvalidArgument, fmt::format("The certificate in {} has expired; issue a new one.", path));
  }
  return certificate;
}

Result<> checkKey(const std::string& path, X509* certificate, const std::string& certificatePath) {
  auto bio = open(path);
  if (!bio) return std::unexpected(bio.error());
  const KeyPtr key(PEM_read_bio_PrivateKey(bio->get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!key) {
    return fail(ErrorCode::InvalidArgument, fmt::format("{} holds no readable PEM private key; give another.", path));
  }
  if (X509_check_private_key(certificate, key.get()) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::InvalidArgument,
                fmt::format("The key in {} does not belong to the certificate in {}.", path, certificatePath));
  }
  return {};
}

}  // namespace

Result<> check(const TlsOptions& options) {
  if (options.cert.empty() != options.key.empty()) {
    return fail(ErrorCode::InvalidArgument, "A certificate needs its key and a key its certificate: name both files.");
  }
  if (!options.ca.empty()) {
    if (auto ca = readCertificate(options.ca); !ca) return std::unexpected(ca.error());
  }
  if (options.cert.empty()) return {};
  auto certificate = readCertificate(options.cert);
  if (!certificate) return std::unexpected(certificate.error());
  return checkKey(options.key, certificate->get(), options.cert);
}

bool isLoopback(const std::string& address) {
  std::string host = address;
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else if (host.find(':') == host.rfind(':')) {
    host = host.substr(0, host.find(':'));
  }
  if (host == "localhost" || host == "::1") return true;
  const bool digits = host.find_first_not_of("0123456789.") == std::string::npos;
  return digits && host.starts_with("127.");
}

}  // namespace qd::security
