// SPDX-License-Identifier: Apache-2.0
#include "core/recording/rolling.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace qd::recording {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCompanions[] = {"-wal", "-shm", ".notes"};
constexpr TimeNs kPresent = 600 * kNsPerSecond;

struct Found {
  fs::path path;
  std::uint64_t bytes = 0;
  TimeNs changed = 0;
};

// The file system's clock against ours, so that it need not be known when the former began.
TimeNs changedAt(const fs::directory_entry& entry, TimeNs now) {
  std::error_code error;
  const auto time = entry.last_write_time(error);
  if (error) return now;
  const auto age = fs::file_time_type::clock::now() - time;
  return now - std::chrono::duration_cast<std::chrono::nanoseconds>(age).count();
}

// Newest first.
std::vector<Found> recordingsIn(const std::string& folder, TimeNs now) {
  std::vector<Found> out;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    if (entry.path().extension() != ".qdrec" || !entry.is_regular_file(ignored)) continue;
    Found found{entry.path(), entry.file_size(ignored), changedAt(entry, now)};
    const auto log = fs::directory_entry(entry.path().string() + "-wal", ignored);
    if (log.exists(ignored)) {
      found.bytes += log.file_size(ignored);
      found.changed = std::max(found.changed, changedAt(log, now));
    }
    out.push_back(std::move(found));
  }
  std::sort(out.begin(), out.end(), [](const Found& a, const Found& b) { return a.changed > b.changed; });
  return out;
}

}  // namespace

std::string fileNameOf(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool fine = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || (c & 0x80) != 0;
    out += fine ? c : '-';
  }
  return out.empty() ? "session" : out.substr(0, 60);
}

std::string nextRecordingPath(const std::string& folder, const std::string& name, TimeNs now) {
  const std::string base =
      fmt::format("{}/{:%Y-%m-%dT%H-%M-%S}Z-{}-{}", folder, fmt::gmtime(static_cast<std::time_t>(now / kNsPerSecond)),
                  fileNameOf(name), ::getpid());
  std::string path = base + ".qdrec";
  std::error_code ignored;
  for (int i = 2; fs::exists(path, ignored); ++i) path = fmt::format("{}-{}.qdrec", base, i);
  return path;
}

std::vector<std::string> prune(const std::string& folder, const Retention& retention, TimeNs now) {
  const TimeNs oldest = now - std::chrono::duration_cast<std::chrono::nanoseconds>(retention.age).count();
  std::vector<std::string> out;
  std::uint64_t total = 0;
  for (const Found& found : recordingsIn(folder, now)) {
    total += found.bytes;
    if (found.changed > now - kPresent) continue;
    if (found.changed >= oldest && total <= retention.bytes) continue;
    std::error_code error;
    if (!fs::remove(found.path, error)) continue;
    for (const char* companion : kCompanions) fs::remove(found.path.string() + companion, error);
    out.push_back(found.path.string());
  }
  return out;
}

Result<std::string> keep(const std::string& path) {
  const fs::path from(path), folder = from.parent_path() / "kept", to = folder / from.filename();
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error && fs::exists(to)) error = std::make_error_code(std::errc::file_exists);
  if (!error) fs::rename(from, to, error);
  if (error) {
    return fail(ErrorCode::Io, fmt::format("The recording {} cannot be moved to {} ({}); it stays where it is.", path,
                                           folder.string(), error.message()));
  }
  for (const char* companion : kCompanions) {
    std::error_code ignored;
    fs::rename(path + companion, to.string() + companion, ignored);
  }
  return to.string();
}

}  // namespace qd::recording
