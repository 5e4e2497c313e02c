// SPDX-License-Identifier: Apache-2.0
#include "core/recording/notes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

namespace qd::recording {
namespace {

using Json = nlohmann::json;

constexpr std::uintmax_t kMostBytes = std::uintmax_t{64} << 20;

Json toJson(const Note& n) {
  return {{"time_ns", n.time}, {"tick", n.tick}, {"domain", n.domain},
          {"text", n.text},    {"who", n.who},   {"written_ns", n.written}};
}

template <class T>
T field(const Json& json, const char* key) {
  const auto found = json.find(key);
  if constexpr (std::is_same_v<T, std::string>) {
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  } else {
    return found != json.end() && found->is_number_integer() ? found->get<T>() : T{};
  }
}

Note fromJson(const Json& json) {
  return {field<TimeNs>(json, "time_ns"),   field<Tick>(json, "tick"),       field<std::string>(json, "domain"),
          field<std::string>(json, "text"), field<std::string>(json, "who"), field<TimeNs>(json, "written_ns")};
}

std::unexpected<Error> cannotWrite(const std::string& path, int error) {
  return fail(ErrorCode::Io, fmt::format("The notes {} cannot be written ({}); check the folder, nothing was lost.",
                                         path, std::generic_category().message(error)));
}

// All of it on the disk under another name, then under its own.
Result<> replaceFile(const std::string& path, const std::string& text) {
  const std::string fresh = fmt::format("{}.{}", path, ::getpid());
  const int file = ::open(fresh.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0) return cannotWrite(path, errno);
  int error = 0;
  for (std::size_t done = 0; done < text.size() && error == 0;) {
    const ssize_t n = ::write(file, text.data() + done, text.size() - done);
    if (n < 0) error = errno;
    done += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  if (error == 0 && ::fsync(file) != 0) error = errno;
  ::close(file);
  if (error == 0 && ::rename(fresh.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  ::unlink(fresh.c_str());
  return cannotWrite(path, error);
}

}  // namespace

std::string notesPath(const std::string& recording) {
  return recording + ".notes";
}

Result<std::vector<Note>> loadNotes(const std::string& recording) {
  const std::string path = notesPath(recording);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::vector<Note>();
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream in(path);
  if (error || !in) {
    return fail(ErrorCode::Io, fmt::format("The notes {} cannot be read; check that the file may be read.", path));
  }
  const Json json = size > kMostBytes ? Json() : Json::parse(in, nullptr, false);
  const auto notes = json.is_object() ? json.find("notes") : json.end();
  if (!json.is_object() || notes == json.end() || !notes->is_array()) {
    return fail(
        ErrorCode::Corrupt,
        fmt::format("The notes {} are damaged and are left as they are; move the file away to begin anew.", path));
  }
  std::vector<Note> out;
  for (const Json& one : *notes) {
    if (one.is_object()) out.push_back(fromJson(one));
  }
  return out;
}

Result<> saveNotes(const std::string& recording, const std::vector<Note>& notes) {
  if (Result<std::vector<Note>> there = loadNotes(recording); !there) return std::unexpected(there.error());
  const std::string path = notesPath(recording);
  if (notes.empty()) {
    std::error_code error;
    std::filesystem::remove(path, error);
    return error ? Result<>(cannotWrite(path, error.value())) : Result<>();
  }
  Json list = Json::array();
  for (const Note& note : notes) list.push_back(toJson(note));
  const Json json{{"quarterdeck_notes", 1}, {"notes", list}};
  return replaceFile(path, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::vector<ingest::Mark> asMarks(const std::vector<Note>& notes) {
  std::vector<ingest::Mark> out;
  for (const Note& n : notes) out.push_back({n.time, n.tick, n.domain, n.text, n.who});
  return out;
}

}  // namespace qd::recording
