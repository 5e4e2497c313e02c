// SPDX-License-Identifier: Apache-2.0
// The part of FlightLog that meets what an earlier agent left in the data folder.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <random>

#include "agent/daemon/flight_log.h"
#include "core/link/wire/batch_codec.h"

namespace qd::daemon {
namespace {

// Samples are decoded again only so far back: enough to know where each ring stood, quick to read.
constexpr std::uint64_t kRecentBytes = std::uint64_t{4} << 20;

std::string randomId() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

bool plausibleId(const std::string& id) {
  return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Result<> FlightLog::lockFolder() {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return fail(ErrorCode::Io, fmt::format("Creating {}: {}.", folder_.string(), error.message()));
  lockFd_ = ::open((folder_ / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0640);
  if (lockFd_ < 0) return failErrno(fmt::format("Opening {}/lock", folder_.string()), errno);
  if (::flock(lockFd_, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::Conflict,
                fmt::format("Another quarterdeckd uses the data folder {}; give this one a folder of its own.",
                            folder_.string()));
  }
  return {};
}

void FlightLog::closeLock() {
  if (lockFd_ >= 0) ::close(lockFd_);
}

Result<> FlightLog::readAgentId() {
  if (folder_.empty()) {
    agentId_ = randomId();
    return {};
  }
  const auto file = folder_ / "agent_id";
  std::ifstream in(file);
  if (in && std::getline(in, agentId_) && plausibleId(agentId_)) return {};
  agentId_ = randomId();
  const auto fresh = folder_ / "agent_id.new";
  std::ofstream out(fresh);
  out << agentId_ << '\n';
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(fresh, file, error);
  if (!out || error) return fail(ErrorCode::Io, fmt::format("Writing {} failed.", file.string()));
  return {};
}

Result<> FlightLog::recover(const Recovered& recovered) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    if (entry.path().extension() == ".qdlog") files.push_back(entry.path());
  }
  if (error) return fail(ErrorCode::Io, fmt::format("Reading {}: {}.", folder_.string(), error.message()));
  std::sort(files.begin(), files.end());
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto segment = LogSegment::open(files[i], i + 1 == files.size());
    if (!segment) {
      std::filesystem::rename(files[i], files[i].string() + ".damaged", error);
      continue;
    }
    if ((*segment)->lastSequence() != 0) {
      last_ = std::max(last_, (*segment)->lastSequence());
      segments_.push_back(*segment);
    } else {
      (*segment)->remove();
    }
  }
  (void)reserve_.open(folder_, last_);  // a disk that is full is said where entries are lost; the agent runs
  persisted_ = last_ = reserve_.begin();
  ramFirst_ = last_ + 1;
  retain(utcNowNs());
  if (recovered) tell(recovered);
  return {};
}

std::uint64_t FlightLog::afterHole(std::uint64_t sequence) const {
  for (const auto& [first, last] : reserve_.holes()) {
    if (sequence >= first && sequence <= last) return last + 1;
  }
  return sequence;
}

void FlightLog::tell(const Recovered& recovered) {
  std::uint64_t after = 0;
  for (const auto& segment : segments_) after += segment->bytes();
  for (const auto& segment : segments_) {
    const std::uint64_t limit = segment->bytes();
    after -= limit;  // what follows this file
    SegmentReader reader(segment, segment->begin());
    SegmentReader::Record record;
    while (reader.next(record, limit, false) == SegmentReader::Status::Record) {
      constexpr std::uint32_t kRare = serve::kProcesses | serve::kParameters | serve::kDebug | serve::kPushes;
      const bool recent = after + (limit - reader.offset()) < kRecentBytes;
      if (!(record.head.kind & kRare) && !(recent && record.head.kind == serve::kSamples)) continue;
      if (auto envelope = link::decodeBatch(record.payload)) recovered(*envelope);
    }
  }
}

}  // namespace qd::daemon
