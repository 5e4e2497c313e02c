// SPDX-License-Identifier: Apache-2.0
#include "core/recording/page_shape.h"

#include <array>
#include <cstdint>

#include "core/recording/page_scan.h"
#include "core/recording/schema.h"

namespace qd::recording {
namespace {

constexpr std::uint64_t kLookedAt = std::uint64_t{64} << 20;

struct Count {
  std::uint64_t sound = 0;
  std::array<std::uint64_t, kFormat + 1> of{};  // chunks and columns as each format has them
};

bool isSound(const std::vector<Cell>& cells) {
  const auto* hash = std::get_if<std::int64_t>(&cells.back());
  return hash != nullptr && *hash == rowHash(std::span(cells).first(cells.size() - 1));
}

Count countOf(const std::string& path, std::size_t pageSize, const std::stop_token& stop) {
  Count out;
  const auto take = [&out](const std::vector<Cell>& cells) {
    if (!isSound(cells)) return;
    ++out.sound;
    for (int format = 1; format <= kFormat; ++format) {
      const Layout& places = layout(format);  // of both tables the body is followed by the hash alone
      for (const int body : {places.chunks.body, places.columns.body}) {
        if (cells.size() == static_cast<std::size_t>(body) + 2) ++out.of[static_cast<std::size_t>(format)];
      }
    }
  };
  (void)scanPages(path, {pageSize, kLookedAt}, take, stop);
  return out;
}

}  // namespace

PageShape guessShape(const std::string& path, const std::stop_token& stop) {
  PageShape best{kPageSize, kFormat};
  std::uint64_t most = 0;
  for (const std::size_t size : {kPageSize, 8192, 16384, 32768, 65536, 2048, 1024, 512}) {
    const Count count = countOf(path, static_cast<std::size_t>(size), stop);
    if (count.sound <= most) continue;
    most = count.sound;
    best.pageSize = static_cast<std::size_t>(size);
    best.format = kFormat;
    for (int format = kFormat; format >= 1; --format) {
      if (count.of[static_cast<std::size_t>(format)] > count.of[static_cast<std::size_t>(best.format)]) {
        best.format = format;
      }
    }
  }
  return best;
}

}  // namespace qd::recording
