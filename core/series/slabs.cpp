// SPDX-License-Identifier: Apache-2.0
#include "core/series/slabs.h"

#include <cstdint>
#include <new>
#include <utility>

namespace qd::series {

// Stands at the beginning of its memory, which is aligned to its size, so that a block finds it.
struct alignas(std::max_align_t) Slabs::Slab {
  struct Free {
    Free* next;
  };
  Slab *next = nullptr, *before = nullptr;
  Free* free = nullptr;   // given back
  std::size_t fresh = 0;  // blocks that were never taken
  std::size_t live = 0;
};

Slabs::Slabs(std::size_t block)
    : block_((block + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t)) {}

Slabs::~Slabs() {
  while (open_ != nullptr) ::operator delete (std::exchange(open_, open_->next), std::align_val_t{kSlab});
}

void Slabs::link(Slab* slab) {
  slab->next = open_;
  slab->before = nullptr;
  if (open_ != nullptr) open_->before = slab;
  open_ = slab;
}

void Slabs::unlink(Slab* slab) {
  if (slab->next != nullptr) slab->next->before = slab->before;
  (slab->before != nullptr ? slab->before->next : open_) = slab->next;
}

void* Slabs::take() {
  const std::lock_guard lock(mutex_);
  if (open_ == nullptr) {
    auto* made = new (::operator new (kSlab, std::align_val_t{kSlab})) Slab;
    made->fresh = (kSlab - sizeof(Slab)) / block_;
    link(made);
  }
  Slab* slab = open_;
  void* block = slab->free;
  if (block != nullptr) {
    slab->free = slab->free->next;
  } else {
    block = reinterpret_cast<std::byte*>(slab) + kSlab - block_ * slab->fresh--;
  }
  ++slab->live;
  if (slab->free == nullptr && slab->fresh == 0) unlink(slab);
  return block;
}

void Slabs::give(void* block) noexcept {
  const std::lock_guard lock(mutex_);
  auto* slab = reinterpret_cast<Slab*>(reinterpret_cast<std::uintptr_t>(block) & ~(kSlab - 1));
  if (slab->free == nullptr && slab->fresh == 0) link(slab);
  slab->free = new (block) Slab::Free{slab->free};
  if (--slab->live != 0 || (open_ == slab && slab->next == nullptr)) return;  // the last one serves the next block
  unlink(slab);
  ::operator delete (slab, std::align_val_t{kSlab});
}

}  // namespace qd::series
