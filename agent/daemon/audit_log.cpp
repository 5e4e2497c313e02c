// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/audit_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>

#include "core/base/clock.h"
#include "core/control/audit_chain.h"
#include "core/link/wire/text.h"

namespace qd::daemon {
namespace {

constexpr std::size_t kKeptInMemory = 10'000;
// Of one sync after another: a push to a whole fleet makes a record for each process, and one sync is enough for many.
constexpr std::chrono::milliseconds kSyncEvery{10};

std::string prose(const std::string& text) {
  return link::sanitise(text, link::kProseCap, link::TextKind::Prose);
}

bool writeAll(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::open(const std::filesystem::path& folder) {
  std::unique_ptr<AuditLog> out(new AuditLog());
  out->hash_ = control::kNoHash;
  if (folder.empty()) return out;
  if (auto recovered = out->recover(folder); !recovered) return std::unexpected(recovered.error());
  if (!out->damage_.empty()) {
    spdlog::error("the audit in {} was damaged: {}", folder.string(), out->damage_);
    out->append("agent", "", control::kDamage, "", out->damage_);
  }
  out->syncer_ = std::jthread([log = out.get()](const std::stop_token& stop) { log->syncLoop(stop); });
  return out;
}

AuditLog::~AuditLog() {
  syncer_ = {};
  if (file_ >= 0) ::close(file_);
  if (head_ >= 0) ::close(head_);
}

// What stands there is taken as it is, also when it is broken (verify tells); a torn last line is ended.
Result<> AuditLog::recover(const std::filesystem::path& folder) {
  const auto path = folder / "audit.jsonl";
  std::uint64_t at = 0;
  {
    std::ifstream in(path, std::ios::binary);
    std::string line;
    while (std::getline(in, line)) {
      const bool whole = !in.eof();
      const auto record = control::auditFromLine(line);
      if (!whole) break;
      if (record) {
        offsets_.push_back(at);
        number_ = record->number;
        hash_ = record->hash;
      } else {
        spdlog::error("line {} of {} is no record of the audit; qdctl audit verify says more", offsets_.size() + 1,
                      path.string());
      }
      at += line.size() + 1;
    }
  }
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file_ < 0) return failErrno(fmt::format("Opening the audit {}", path.string()), errno);
  if (::ftruncate(file_, static_cast<off_t>(at)) != 0 || ::lseek(file_, 0, SEEK_END) < 0) {
    return failErrno(fmt::format("Writing the audit {}", path.string()), errno);
  }
  offsets_.push_back(at);
  head_ = ::open((folder / "audit.head").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (head_ < 0) return failErrno("Opening the audit's head", errno);
  std::uint64_t number = 0;
  std::string hash;
  std::ifstream told(folder / "audit.head");
  if (!(told >> number >> hash) || number < number_ || (number == number_ && hash == hash_)) return {};
  damage_ = number > number_ ? fmt::format("records {} to {} are missing", number_ + 1, number)
                             : fmt::format("record {} is another than it was", number);
  return {};
}

void AuditLog::append(const std::string& who, const std::string& from, const std::string& what, const std::string& why,
                      const std::string& outcome) {
  const std::lock_guard lock(mutex_);
  control::AuditRecord record{number_ + 1,          utcNowNs(),  link::sanitise(who),
                              link::sanitise(from), prose(what), prose(why),
                              prose(outcome),       hash_,       ""};
  record.hash = control::hashOf(record);
  if (file_ >= 0) {
    const std::string line = control::auditLine(record) + "\n";
    if (!writeAll(file_, line)) {
      spdlog::error("the audit cannot be written: {}; is the disk full?", std::generic_category().message(errno));
      return;
    }
    offsets_.push_back(offsets_.back() + line.size());
  }
  number_ = record.number;
  hash_ = record.hash;
  if (file_ < 0) {
    kept_.push_back(std::move(record));
    if (kept_.size() > kKeptInMemory) kept_.pop_front();
    return;
  }
  writeHead();
  dirty_ = true;
  wake_.notify_one();
}

void AuditLog::writeHead() {
  const std::string head = fmt::format("{:020} {}\n", number_, hash_);
  if (::pwrite(head_, head.data(), head.size(), 0) < 0) spdlog::error("the audit's head cannot be written");
}

void AuditLog::syncLoop(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, stop, [this] { return dirty_; });
    if (!dirty_) return;  // stopped, and nothing is left
    dirty_ = false;
    lock.unlock();
    ::fdatasync(file_);
    ::fdatasync(head_);
    lock.lock();
    wake_.wait_for(lock, stop, kSyncEvery, [] { return false; });
  }
}

Result<control::AuditPage> AuditLog::page(std::uint64_t after, std::uint32_t most) const {
  const std::lock_guard lock(mutex_);
  control::AuditPage out{{}, number_, hash_};
  if (file_ < 0) {
    for (const auto& record : kept_) {
      if (record.number > after && out.records.size() < most) out.records.push_back(record);
    }
    return out;
  }
  const std::uint64_t count = offsets_.size() - 1;
  for (std::uint64_t i = after; i < count && out.records.size() < most; ++i) {
    std::string line(offsets_[i + 1] - offsets_[i] - 1, '\0');
    const ssize_t n = ::pread(file_, line.data(), line.size(), static_cast<off_t>(offsets_[i]));
    if (n != static_cast<ssize_t>(line.size())) return failErrno("Reading the audit", errno);
    auto record = control::auditFromLine(line);
    if (!record) return fail(ErrorCode::Corrupt, fmt::format("Record {} of the audit does not read.", i + 1));
    out.records.push_back(std::move(*record));
  }
  return out;
}

std::uint64_t AuditLog::headNumber() const {
  const std::lock_guard lock(mutex_);
  return number_;
}

std::string AuditLog::headHash() const {
  const std::lock_guard lock(mutex_);
  return hash_;
}

}  // namespace qd::daemon
