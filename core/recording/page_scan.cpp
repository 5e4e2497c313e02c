// SPDX-License-Identifier: Apache-2.0
#include "core/recording/page_scan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>

namespace qd::recording {
namespace {

constexpr std::uint8_t kTableLeaf = 0x0d;
constexpr std::size_t kFileHeader = 100, kPageHeader = 8, kMostColumns = 64;
constexpr std::uint64_t kMostPayload = std::uint64_t{1} << 30;

std::uint64_t bigEndian(const std::uint8_t* at, std::size_t bytes) {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < bytes; ++i) v = v << 8 | at[i];
  return v;
}

// SQLite's variable-length integer: up to nine bytes, highest first.
struct BigVarint {
  std::uint64_t value = 0;
  std::size_t size = 0;  // 0: cut off
};
BigVarint bigVarint(ByteView in) {
  BigVarint out;
  for (std::size_t i = 0; i < 9 && i < in.size(); ++i) {
    if (i == 8) return {out.value << 8 | in[i], 9};
    out.value = out.value << 7 | (in[i] & 0x7f);
    if ((in[i] & 0x80) == 0) return {out.value, i + 1};
  }
  return {};
}

std::size_t sizeOfSerial(std::uint64_t type) {
  constexpr std::size_t kFixed[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  return type < 10 ? kFixed[type] : static_cast<std::size_t>((type - 12) / 2);
}

Cell cellOf(std::uint64_t type, ByteView bytes) {
  if (type == 0) return {};
  if (type == 7) return std::bit_cast<double>(bigEndian(bytes.data(), 8));
  if (type == 8 || type == 9) return static_cast<std::int64_t>(type - 8);
  if (type < 7) {
    const unsigned shift = 64 - 8 * static_cast<unsigned>(bytes.size());
    return static_cast<std::int64_t>(bigEndian(bytes.data(), bytes.size()) << shift) >> shift;
  }
  if (type % 2 == 0) return bytes;
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// False: no record.
bool decode(std::int64_t rowid, ByteView record, std::vector<Cell>& cells) {
  const BigVarint head = bigVarint(record);
  if (head.size == 0 || head.value > record.size() || head.value < head.size) return false;
  ByteView types = record.subspan(head.size, head.value - head.size);
  ByteView values = record.subspan(head.value);
  cells.clear();
  while (!types.empty()) {
    const BigVarint type = bigVarint(types);
    if (type.size == 0 || type.value == 10 || type.value == 11 || cells.size() >= kMostColumns) return false;
    types = types.subspan(type.size);
    const std::size_t size = sizeOfSerial(type.value);
    if (size > values.size()) return false;
    cells.push_back(cellOf(type.value, values.first(size)));
    values = values.subspan(size);
  }
  // An INTEGER PRIMARY KEY stands as null in the record and is the rowid.
  if (cells.empty() || !std::holds_alternative<std::monostate>(cells[0])) return false;
  cells[0] = rowid;
  return true;
}

class Scanner {
 public:
  Scanner(int file, std::size_t pageSize, std::size_t usable, std::uint64_t pages)
      : file_(file), pageSize_(pageSize), usable_(usable), pages_(pages), page_(pageSize), more_(pageSize) {}

  void run(std::uint64_t upTo, const ScannedRow& each, const std::stop_token& stop) {
    const std::uint64_t last = std::min(pages_, upTo / pageSize_);
    for (std::uint64_t number = 1; number <= last && !stop.stop_requested(); ++number) {
      if (!load(number, page_)) continue;
      const std::size_t head = number == 1 ? kFileHeader : 0;
      if (page_[head] == kTableLeaf) leaf(head, each);
    }
  }

 private:
  bool load(std::uint64_t number, Bytes& into) const {
    const auto at = static_cast<off_t>((number - 1) * pageSize_);
    return ::pread(file_, into.data(), pageSize_, at) == static_cast<ssize_t>(pageSize_);
  }

  void leaf(std::size_t head, const ScannedRow& each) {
    const std::size_t cells = bigEndian(&page_[head + 3], 2);
    for (std::size_t i = 0; i < cells; ++i) {
      const std::size_t pointer = head + kPageHeader + 2 * i;
      if (pointer + 2 > usable_) return;
      const std::size_t at = bigEndian(&page_[pointer], 2);
      if (at >= head + kPageHeader && at < usable_) cell(at, each);
    }
  }

  void cell(std::size_t at, const ScannedRow& each) {
    ByteView in(page_.data() + at, usable_ - at);
    const BigVarint payload = bigVarint(in);
    if (payload.size == 0 || payload.value > kMostPayload) return;
    in = in.subspan(payload.size);
    const BigVarint rowid = bigVarint(in);
    if (rowid.size == 0) return;
    in = in.subspan(rowid.size);
    const auto record = gather(in, payload.value);
    if (record && decode(static_cast<std::int64_t>(rowid.value), *record, cells_)) each(cells_);
  }

  // The payload, in place or with its overflow pages.
  std::optional<ByteView> gather(ByteView in, std::uint64_t size) {
    const std::size_t most = usable_ - 35, least = (usable_ - 12) * 32 / 255 - 23;
    if (size <= most) return size <= in.size() ? std::optional(in.first(size)) : std::nullopt;
    const std::size_t some = least + (size - least) % (usable_ - 4);
    const std::size_t local = some <= most ? some : least;
    if (local + 4 > in.size()) return std::nullopt;
    if (size / (usable_ - 4) > pages_) return std::nullopt;  // longer than the file
    whole_.assign(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(local));
    std::uint64_t next = bigEndian(in.data() + local, 4);
    while (whole_.size() < size) {
      if (next == 0 || next > pages_ || !load(next, more_)) return std::nullopt;
      const std::size_t part = std::min<std::size_t>(size - whole_.size(), usable_ - 4);
      whole_.insert(whole_.end(), more_.begin() + 4, more_.begin() + 4 + static_cast<std::ptrdiff_t>(part));
      next = bigEndian(more_.data(), 4);
    }
    return ByteView(whole_);
  }

  int file_;
  std::size_t pageSize_, usable_;
  std::uint64_t pages_;
  Bytes page_, more_, whole_;
  std::vector<Cell> cells_;
};

}  // namespace

Result<> scanPages(const std::string& path, const ScanOptions& options, const ScannedRow& each,
                   const std::stop_token& stop) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failErrno(fmt::format("Cannot read {}", path), errno);
  struct stat status {};
  if (::fstat(file, &status) == 0) {
    const std::uint64_t size = static_cast<std::uint64_t>(status.st_size);
    // No page of a recording has reserved bytes at its end.
    Scanner(file, options.pageSize, options.pageSize, size / options.pageSize).run(options.upTo, each, stop);
  }
  ::close(file);
  return {};
}

}  // namespace qd::recording
