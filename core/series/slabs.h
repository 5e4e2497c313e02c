// SPDX-License-Identifier: Apache-2.0
// Memory for objects of one type that a walk visits one after the other: they stand side by side in slabs, and not
// between the larger things that are made with them, so that many of them lie in few pages (a walk over thousands would
// otherwise wait for the page tables more than for the data). A slab that is empty is given back. Any thread.
#pragma once

#include <cstddef>
#include <mutex>

namespace qd::series {

class Slabs {
 public:
  static constexpr std::size_t kSlab = std::size_t{64} << 10;

  explicit Slabs(std::size_t block);  // bytes of an object, much less than kSlab
  Slabs(const Slabs&) = delete;
  Slabs& operator=(const Slabs&) = delete;
  ~Slabs();  // every block has been given back
  void* take();
  void give(void* block) noexcept;

 private:
  struct Slab;
  void link(Slab* slab);
  void unlink(Slab* slab);

  const std::size_t block_;
  std::mutex mutex_;
  Slab* open_ = nullptr;  // those that have room
};

// For std::allocate_shared. The slabs of a type live as long as the program.
template <class T>
struct SlabAllocator {
  using value_type = T;
  SlabAllocator() = default;
  template <class U>
  SlabAllocator(const SlabAllocator<U>&) {}  // NOLINT(google-explicit-constructor): what allocators are
  T* allocate(std::size_t) { return static_cast<T*>(slabs().take()); }
  void deallocate(T* at, std::size_t) noexcept { slabs().give(at); }
  bool operator==(const SlabAllocator&) const { return true; }

 private:
  static Slabs& slabs() {
    static_assert(sizeof(T) < Slabs::kSlab / 16 && alignof(T) <= alignof(std::max_align_t));
    static auto* const all = new Slabs(sizeof(T));
    return *all;
  }
};

}  // namespace qd::series
