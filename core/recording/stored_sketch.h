// SPDX-License-Identifier: Apache-2.0
// The percentile sketches that stand in a recording beside columns and summaries: one byte, the decimal scale that its
// series had then, and a sketch (core/base/sketch.h) of the values as they are displayed, so that what a store makes of
// samples and what a file holds can be merged. Empty: not known. Decoding is for hostile input. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/recording/sqlite.h"

namespace qd::recording {

std::string storedSketch(std::span<const std::int64_t> raw, std::int32_t scale);
std::string storedSketch(std::span<const double> values);
// Both together; not known where one is not, or where the scales differ.
std::string mergedSketches(const std::string& a, const std::string& b);
// As a cell, where it is small beside the `n` values that it is of, else null: few values are soon read themselves.
// Valid while `sketch` is.
Cell sketchCell(const std::string& sketch, std::uint64_t n);
// Whether a cell says nothing wrong: null, or a sketch of `count` values.
bool isSketchOf(const std::string& stored, std::uint64_t count);
// What a store may be given: the encoded sketch, null where it is not known, is none, has another scale than the series
// has now, or does not have `count` values.
std::shared_ptr<const std::string> shownSketch(const std::string& stored, std::int32_t scale, std::uint64_t count);

}  // namespace qd::recording
