// SPDX-License-Identifier: Apache-2.0
// A Batch as gRPC carries it: bytes in slices, which both ends of Subscribe read and write themselves (sample_bytes.h),
// so that no protobuf object is made of a block of samples. The wire is that of the .proto. One thread at a time each.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/link/wire/arena_message.h"
#include "core/link/wire/convert.h"

namespace qd::link {

class BatchWriter {
 public:
  // False: the event has no form on the wire.
  bool write(const ingest::Envelope& envelope, grpc::ByteBuffer& out);
  static void write(const pb::Batch& batch, grpc::ByteBuffer& out);

 private:
  ArenaMessage<pb::Batch> message_;
};

class BatchReader {
 public:
  // In one piece; good until the next call, and as long as the buffer stays as it is.
  std::span<const std::byte> flat(grpc::ByteBuffer& buffer);
  // Null: these bytes are no message. Good until the next call.
  const pb::Batch* parse(std::span<const std::byte> bytes);

 private:
  ArenaMessage<pb::Batch> message_;
  grpc::Slice slice_;
  std::vector<std::byte> joined_;
};

}  // namespace qd::link
