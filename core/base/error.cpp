// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace qd {

std::string_view name(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return "invalid argument";
    case ErrorCode::NotFound:
      return "not found";
    case ErrorCode::Unavailable:
      return "unavailable";
    case ErrorCode::PermissionDenied:
      return "permission denied";
    case ErrorCode::Conflict:
      return "conflict";
    case ErrorCode::Corrupt:
      return "corrupt";
    case ErrorCode::Io:
      return "i/o error";
    case ErrorCode::Timeout:
      return "timeout";
    case ErrorCode::Unsupported:
      return "unsupported";
    case ErrorCode::Exhausted:
      return "exhausted";
    case ErrorCode::Internal:
      return "internal error";
  }
  return "unknown";
}

std::unexpected<Error> failErrno(std::string_view what, int errnum) {
  ErrorCode code = ErrorCode::Io;
  if (errnum == ENOENT) code = ErrorCode::NotFound;
  if (errnum == EACCES || errnum == EPERM || errnum == EROFS) code = ErrorCode::PermissionDenied;
  if (errnum == ECONNREFUSED || errnum == EADDRINUSE) code = ErrorCode::Unavailable;
  return fail(code, fmt::format("{}: {}", what, std::generic_category().message(errnum)));
}

}  // namespace qd
