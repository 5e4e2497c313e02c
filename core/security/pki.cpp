// SPDX-License-Identifier: Apache-2.0
#include "core/security/pki.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/security/openssl.h"

namespace qd::security {
namespace {

Result<> checkWord(const std::string& what, const std::string& word) {
  const bool good = !word.empty() && word.size() <= 64 && word.find('/') == std::string::npos && word != "." &&
                    word != ".." && std::all_of(word.begin(), word.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == ':' || c == '*';
                    });
  if (good) return {};
  return fail(ErrorCode::InvalidArgument,
              fmt::format("The {} \"{}\" must be 1 to 64 letters, digits or any of . _ - : *", what, word));
}

std::unexpected<Error> failSsl(const std::string& what) {
  return fail(ErrorCode::Internal, fmt::format("{}: {}", what, opensslError()));
}

// Writes `bio` whole into a new file.
Result<> writeNew(const std::string& path, BIO* bio, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0 && errno == EEXIST) {
    return fail(ErrorCode::Conflict, fmt::format("{} exists; it is not overwritten, choose another name.", path));
  }
  if (fd < 0) return failErrno(fmt::format("Cannot create {}", path), errno);
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio, &data));
  const bool whole = ::write(fd, data, size) == static_cast<ssize_t>(size) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!whole) return failErrno(fmt::format("Cannot write {}", path), error);
  return {};
}

Result<> writePair(const IssuedFiles& files, X509* certificate, EVP_PKEY* key) {
  const BioPtr keyText(BIO_new(BIO_s_mem()));
  const BioPtr certText(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(keyText.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certText.get(), certificate) != 1) {
    return failSsl("Cannot encode a certificate");
  }
  if (auto written = writeNew(files.key, keyText.get(), 0600); !written) return written;
  return writeNew(files.certificate, certText.get(), 0644);
}

bool addExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// A certificate for `key` with everything but issuer, extensions and signature.
CertPtr blank(EVP_PKEY* key, const std::string& name, int days) {
  CertPtr certificate(X509_new());
  unsigned char serial[16];
  if (!certificate || RAND_bytes(serial, sizeof serial) != 1) return nullptr;
  serial[0] = static_cast<unsigned char>((serial[0] & 0x3F) | 0x40);  // positive and never short
  const std::unique_ptr<BIGNUM, Deleter<BN_free>> number(BN_bin2bn(serial, sizeof serial, nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
  X509_set_version(certificate.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -300);  // clocks of a cluster differ
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), days, 0, nullptr);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("Quarterdeck"), -1, -1,
                             0);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  return certificate;
}

bool isAddress(const std::string& host) {
  unsigned char buffer[16];
  return inet_pton(AF_INET, host.c_str(), buffer) == 1 || inet_pton(AF_INET6, host.c_str(), buffer) == 1;
}

Result<std::string> alternativeNames(const IssueOrder& order) {
  std::string out;
  const auto append = [&](const std::string& item) { out += (out.empty() ? "" : ",") + item; };
  for (const Role role : order.roles) append("URI:" + roleUri(role));
  for (const std::string& host : order.hosts) {
    if (auto checked = checkWord("host", host); !checked) return std::unexpected(checked.error());
    append((isAddress(host) ? "IP:" : "DNS:") + host);
  }
  return out;
}

struct Authority {
  CertPtr certificate;
  KeyPtr key;
};

Result<Authority> loadAuthority(const std::string& folder) {
  const BioPtr certText(BIO_new_file((folder + "/ca.pem").c_str(), "r"));
  const BioPtr keyText(BIO_new_file((folder + "/ca.key").c_str(), "r"));
  Authority out;
  if (certText) out.certificate.reset(PEM_read_bio_X509(certText.get(), nullptr, nullptr, nullptr));
  if (keyText) out.key.reset(PEM_read_bio_PrivateKey(keyText.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!out.certificate || !out.key) {
    return fail(ErrorCode::NotFound,
                fmt::format("There is no usable ca.pem and ca.key in {}; make them with qdctl pki init.", folder));
  }
  return out;
}

}  // namespace

Result<IssuedFiles> createAuthority(const std::string& folder, const std::string& name, int days) {
  if (auto checked = checkWord("name", name); !checked) return std::unexpected(checked.error());
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::Io, fmt::format("Cannot make the folder {}: {}", folder, error.message()));
  const KeyPtr key(EVP_EC_gen("P-256"));
  const CertPtr certificate = key ? blank(key.get(), name, days) : nullptr;
  if (!certificate) return failSsl("Cannot make a key");
  X509* raw = certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(raw));
  if (!addExtension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !addExtension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !addExtension(raw, raw, NID_subject_key_identifier, "hash") || X509_sign(raw, key.get(), EVP_sha256()) == 0) {
    return failSsl("Cannot make the CA certificate");
  }
  IssuedFiles files{folder + "/ca.pem", folder + "/ca.key"};
  if (auto written = writePair(files, raw, key.get()); !written) return std::unexpected(written.error());
  return files;
}

Result<IssuedFiles> issueCertificate(const std::string& folder, const IssueOrder& order) {
  if (auto checked = checkWord("name", order.name); !checked) return std::unexpected(checked.error());
  auto names = alternativeNames(order);
  if (!names) return std::unexpected(names.error());
  if (names->empty()) return fail(ErrorCode::InvalidArgument, "A certificate needs a role or a host: name one.");
  auto authority = loadAuthority(folder);
  if (!authority) return std::unexpected(authority.error());
  const KeyPtr key(EVP_EC_gen("P-256"));
  const CertPtr certificate = key ? blank(key.get(), order.name, order.days) : nullptr;
  if (!certificate) return failSsl("Cannot make a key");
  X509* raw = certificate.get();
  X509* issuer = authority->certificate.get();
  X509_set_issuer_name(raw, X509_get_subject_name(issuer));
  if (!addExtension(raw, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !addExtension(raw, issuer, NID_key_usage, "critical,digitalSignature") ||
      !addExtension(raw, issuer, NID_ext_key_usage, "serverAuth,clientAuth") ||
      !addExtension(raw, issuer, NID_subject_alt_name, *names) ||
      X509_sign(raw, authority->key.get(), EVP_sha256()) == 0) {
    return failSsl(fmt::format("Cannot make the certificate of {}", order.name));
  }
  IssuedFiles files{fmt::format("{}/{}.pem", folder, order.name), fmt::format("{}/{}.key", folder, order.name)};
  if (auto written = writePair(files, raw, key.get()); !written) return std::unexpected(written.error());
  return files;
}

}  // namespace qd::security
