// SPDX-License-Identifier: Apache-2.0
#include "core/link/wire/batch_buffer.h"

#include <grpc/slice.h>

#include "core/link/wire/sample_bytes.h"

namespace qd::link {
namespace {

constexpr std::size_t kKept = std::size_t{256} << 10;  // of room for joined slices, between messages

// One slice of `size` bytes that fill(to) writes.
template <class Fill>
void take(std::size_t size, grpc::ByteBuffer& out, Fill fill) {
  grpc_slice raw = grpc_slice_malloc(size);
  fill(GRPC_SLICE_START_PTR(raw));
  const grpc::Slice slice(raw, grpc::Slice::STEAL_REF);
  out = grpc::ByteBuffer(&slice, 1);
}

}  // namespace

bool BatchWriter::write(const ingest::Envelope& envelope, grpc::ByteBuffer& out) {
  if (const std::size_t size = sampleBatchSize(envelope); size != 0) {
    take(size, out, [&](std::uint8_t* to) { writeSampleBatch(envelope, to); });
    return true;
  }
  message_.renew();
  if (!toProto(envelope, *message_)) return false;
  write(*message_, out);
  return true;
}

void BatchWriter::write(const pb::Batch& batch, grpc::ByteBuffer& out) {
  take(batch.ByteSizeLong(), out, [&](std::uint8_t* to) { batch.SerializeWithCachedSizesToArray(to); });
}

std::span<const std::byte> BatchReader::flat(grpc::ByteBuffer& buffer) {
  if (buffer.TrySingleSlice(&slice_).ok()) return std::as_bytes(std::span(slice_.begin(), slice_.size()));
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return {};
  if (joined_.capacity() > kKept) joined_ = {};
  joined_.clear();
  joined_.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    const auto bytes = std::as_bytes(std::span(slice.begin(), slice.size()));
    joined_.insert(joined_.end(), bytes.begin(), bytes.end());
  }
  return joined_;
}

const pb::Batch* BatchReader::parse(std::span<const std::byte> bytes) {
  message_.renew();
  return message_->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ? message_.get() : nullptr;
}

}  // namespace qd::link
