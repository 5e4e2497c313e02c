// SPDX-License-Identifier: Apache-2.0
// Every text of an event, with the name of the field that it stands in, to be looked at or changed: "who" of a push,
// "region" of a label, the name of a typed field. Events without rare content (samples, frames) have the names of their
// process alone. Private to the room; plain functions, any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/ingest/events.h"

namespace qd::recording {

struct TextVisitor {
  // May change the text. `field` is empty where the text stands in none.
  std::function<void(std::string_view field, std::string& text)> text;
  // A number or another typed value of a named field; true: it becomes the text given.
  std::function<bool(std::string_view field, const std::string& written, std::string& text)> value;
  // One local of a hit; true: its value becomes the text given.
  std::function<bool(std::string& text)> local;
};

// The event with what the visitor changed. Errors: it does not read back (our own mistake).
Result<ingest::Event> visitTexts(const ingest::Event& event, const TextVisitor& visitor);

}  // namespace qd::recording
