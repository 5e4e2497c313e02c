// SPDX-License-Identifier: Apache-2.0
// The one error type of the product. Errors travel as std::expected and are handled exactly once; `message` is one
// sentence for a person that says what failed, where, and what to do. Values only, no thread of their own.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace qd {

enum class ErrorCode {
  InvalidArgument,   // the caller's input is wrong; trying again does not help
  NotFound,          // a named thing does not exist
  Unavailable,       // a peer, file or device cannot be reached now; trying again may help
  PermissionDenied,  // the role or the file mode forbids it
  Conflict,          // the state changed underneath: a stale version, a duplicate id
  Corrupt,           // data failed a checksum or a bound
  Io,                // the operating system refused an operation
  Timeout,           // no answer in the time allowed; the outcome may be unknown
  Unsupported,       // a newer format or protocol, or a capability that the peer lacks
  Exhausted,         // a bound in bytes, rows or descriptors is reached
  Internal,          // our own mistake
};

std::string_view name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

// `what: strerror(errnum)`, for failures of the operating system.
std::unexpected<Error> failErrno(std::string_view what, int errnum);

}  // namespace qd
