// SPDX-License-Identifier: Apache-2.0
// A message that is filled over and over: what is in it comes from one piece of memory that is kept, so that a block of
// many columns costs no allocation a column. Whoever is slow holds kFirst bytes more. One thread at a time.
#pragma once

#include <google/protobuf/arena.h>

#include <cstddef>
#include <memory>

namespace qd::link {

template <class Message>
class ArenaMessage {
 public:
  ArenaMessage() { renew(); }
  ArenaMessage(const ArenaMessage&) = delete;
  ArenaMessage& operator=(const ArenaMessage&) = delete;

  Message& operator*() { return *message_; }
  Message* operator->() { return message_; }
  Message* get() { return message_; }
  // Empty again; what was in it is gone.
  void renew() {
    arena_.Reset();
    message_ = google::protobuf::Arena::CreateMessage<Message>(&arena_);
  }

 private:
  static constexpr std::size_t kFirst = std::size_t{32} << 10;  // a block of 1,024 points takes some 20 KiB
  static google::protobuf::ArenaOptions options(char* first) {
    google::protobuf::ArenaOptions out;
    out.initial_block = first;
    out.initial_block_size = kFirst;
    return out;
  }

  std::unique_ptr<char[]> first_{new char[kFirst]};
  google::protobuf::Arena arena_{options(first_.get())};
  Message* message_ = nullptr;
};

}  // namespace qd::link
