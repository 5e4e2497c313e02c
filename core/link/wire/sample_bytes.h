// SPDX-License-Identifier: Apache-2.0
// A Batch with a SampleBlock straight to its bytes and back, without a protobuf object between: nearly all that goes
// over the wire is such. Writing gives the bytes that protobuf gives. Reading takes the form that protobuf writes and
// nothing else: whatever differs from it (an unknown field, another order, a column that breaks a rule) is not read
// here, so that convert.h alone says what is accepted and why not. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/ingest/events.h"

namespace qd::link {

// The number of bytes; 0: the event is no block of samples.
std::size_t sampleBatchSize(const ingest::Envelope& envelope);
// Into room for as many.
void writeSampleBatch(const ingest::Envelope& envelope, std::uint8_t* to);

// False: not in that form; `out` then holds nothing of use. The agent's id is left as it is.
bool readSampleBatch(std::span<const std::byte> bytes, ingest::Envelope& out);

}  // namespace qd::link
