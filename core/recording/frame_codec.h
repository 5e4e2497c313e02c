// SPDX-License-Identifier: Apache-2.0
// The columnar events that are no samples — entity frames, editor frames, roll-ups — of one process and one second ⇄
// one blob. Bit for bit. Decoding is for hostile input (Corrupt). Any thread.
#pragma once

#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/recording/pack.h"
#include "core/recording/placed.h"

namespace qd::recording {

// Whether the columns fit together: what does not is never recorded.
bool isSound(const ingest::EntityFrame& frame);
bool isSound(const ingest::FrameBlock& block);

// `frames`: sound, all of one process and one kind of event, not empty.
Bytes encodeEntities(Packer& packer, std::span<const Placed> frames);
Bytes encodeFrames(Packer& packer, std::span<const Placed> blocks);
Bytes encodeRollups(Packer& packer, std::span<const Placed> rollups);

Result<std::vector<Placed>> decodeEntities(const AgentId& agent, const ingest::ProcessRef& process, ByteView bytes);
Result<std::vector<Placed>> decodeFrames(const AgentId& agent, const ingest::ProcessRef& process, ByteView bytes);
Result<std::vector<Placed>> decodeRollups(const AgentId& agent, const ingest::ProcessRef& process, ByteView bytes);

}  // namespace qd::recording
