// SPDX-License-Identifier: Apache-2.0
// Notes and bookmarks that a reader makes of a recording. They lie beside it, in FILE.qdrec.notes (JSON), so that a
// recording is never changed by being read; who asks for it gets them into a copy (asMarks). Saving replaces the file
// in one step; an unreadable one is never overwritten. Any thread, one at a time a file; may block.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/events.h"

namespace qd::recording {

struct Note {
  TimeNs time = 0;  // UTC ns, of the bookmark in the recording
  Tick tick = 0;    // of `domain`, 0: none
  std::string domain;
  std::string text, who;
  TimeNs written = 0;
  bool operator==(const Note&) const = default;
};

std::string notesPath(const std::string& recording);
// Empty where there are none. Errors: Corrupt, Io.
Result<std::vector<Note>> loadNotes(const std::string& recording);
// No notes: no file.
Result<> saveNotes(const std::string& recording, const std::vector<Note>& notes);

// As the marks that a recording holds.
std::vector<ingest::Mark> asMarks(const std::vector<Note>& notes);

}  // namespace qd::recording
