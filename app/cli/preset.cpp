// SPDX-License-Identifier: Apache-2.0
// preset list|save|import|export|diff|remove: named sets of values that all consoles share.
#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "app/cli/change_options.h"
#include "core/params/preset.h"

namespace qd::cli {
namespace {

using namespace ingest;

constexpr const char* kPrefix = "preset/";

Result<std::string> readText(const std::string& path) {
  std::ifstream in(path);
  if (!in) return fail(ErrorCode::NotFound, fmt::format("{} cannot be opened; check the name.", path));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// A file if there is one of that name, else what is shared under it.
Result<params::Preset> load(const ChangeSession& session, const std::string& name) {
  if (std::ifstream(name).good()) {
    const auto text = readText(name);
    if (!text) return std::unexpected(text.error());
    return params::presetFromToml(*text, name);
  }
  const auto items = session.changes.shared(kPrefix + name);
  for (const SharedItem& item : items) {
    if (item.key == kPrefix + name) return params::presetFromToml(item.value, name);
  }
  return fail(ErrorCode::NotFound,
              fmt::format("There is no file and no shared preset {}; qdctl preset list shows them.", name));
}

Result<int> share(ChangeSession& session, const params::Preset& preset, bool remove) {
  control::SharedWrite write;
  write.item.key = kPrefix + preset.name;
  write.item.value = remove ? "" : params::toToml(preset);
  write.item.who = whoAmI();
  write.item.removed = remove;
  const auto done = session.session->ask<std::vector<SharedItem>>(
      [&](control::SharedDone answer) { session.session->cluster().share(write, std::move(answer)); });
  if (!done) return std::unexpected(done.error());
  return 0;
}

Result<std::vector<ParameterValue>> liveOf(const ChangeSession& session, const ProcessInfo& process) {
  std::vector<ParameterValue> out;
  for (const ParameterSpec& spec : process.parameters) {
    if (const auto value = session.book.value(process.id, spec.name)) out.push_back(*value);
  }
  return out;
}

Result<int> list(const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  Json out = Json::array();
  std::vector<std::vector<std::string>> rows{{"preset", "values", "who", "time"}};
  for (const SharedItem& item : (*session)->changes.shared(kPrefix)) {
    const auto preset = params::presetFromToml(item.value, item.key);
    const std::size_t n = preset ? preset->values.size() : 0;
    const std::string name = item.key.substr(std::string_view(kPrefix).size());
    out.push_back({{"name", name}, {"values", n}, {"who", item.who}, {"time", item.time}, {"revision", item.revision}});
    rows.push_back({name, std::to_string(n), item.who, utcText(item.time)});
  }
  globals.json ? printJson(Json{{"presets", out}}) : print(table(rows));
  return 0;
}

Result<int> save(const std::string& name, const std::string& process, bool all, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  const ProcessInfoPtr from = (*session)->session->directory().process(ProcessId(process));
  if (!from)
    return fail(ErrorCode::NotFound, fmt::format("There is no process {}; qdctl describe lists them.", process));
  params::Preset preset = params::presetOf(*from, *liveOf(**session, *from), !all);
  if (preset.values.empty())
    return fail(ErrorCode::NotFound,
                fmt::format("Nothing of {} differs from its default; --all takes everything.", process));
  preset.name = name;
  return share(**session, preset, false);
}

Result<int> import(const std::string& file, const std::string& name, const Globals& globals) {
  const auto text = readText(file);
  if (!text) return std::unexpected(text.error());
  auto preset = params::presetFromToml(*text, file);
  if (!preset) return std::unexpected(preset.error());
  if (!name.empty()) preset->name = name;
  if (preset->name.empty())
    return fail(ErrorCode::InvalidArgument, fmt::format("{} names no preset; add --name.", file));
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  return share(**session, *preset, false);
}

Result<int> write(const std::string& name, const std::string& out, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  const auto preset = load(**session, name);
  if (!preset) return std::unexpected(preset.error());
  const std::string text = params::toToml(*preset);
  if (out.empty()) {
    print(text);
    return 0;
  }
  std::ofstream file(out, std::ios::trunc);
  if (!(file << text) || !file.flush()) return fail(ErrorCode::Io, fmt::format("{} cannot be written.", out));
  return 0;
}

Result<int> diff(const std::string& name, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  const auto preset = load(**session, name);
  if (!preset) return std::unexpected(preset.error());
  Json out = Json::array();
  std::vector<std::vector<std::string>> rows{{"process", "parameter", "live", "preset"}};
  for (const ProcessInfoPtr& process : (*session)->session->directory().processes()) {
    if (process->state == ProcessState::Gone) continue;
    const auto found = params::differences(*preset, *process, *liveOf(**session, *process));
    if (!found) return std::unexpected(found.error());
    for (const auto& d : *found) {
      out.push_back(
          {{"process", d.process.value}, {"name", d.name}, {"live", toJson(d.live)}, {"preset", toJson(d.wanted)}});
      rows.push_back({d.process.value, d.name, qd::toText(d.live), qd::toText(d.wanted)});
    }
  }
  globals.json ? printJson(Json{{"differences", out}})
               : print(out.empty() ? "Live is as the preset says.\n" : table(rows));
  return 0;
}

Result<int> drop(const std::string& name, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  params::Preset preset;
  preset.name = name;
  return share(**session, preset, true);
}

}  // namespace

void addPreset(Program& program) {
  CLI::App* under = program.verb("preset", "Named sets of values that all consoles share");
  under->require_subcommand(1);
  program.onRun(program.verb("list", "All that are shared", under), [](const Globals& g) { return list(g); });
  auto name = std::make_shared<std::string>();
  auto other = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  const auto verb = [&](const char* word, const char* help, const char* what) {
    CLI::App* made = program.verb(word, help, under);
    made->add_option(what, *name)->required();
    return made;
  };
  CLI::App* saving = verb("save", "Takes a process's values over as a preset", "NAME");
  saving->add_option("--process", *other, "whose")->required();
  saving->add_flag("--all", *all, "also what is at its default");
  program.onRun(saving, [name, other, all](const Globals& g) { return save(*name, *other, *all, g); });
  CLI::App* importing = verb("import", "Shares a TOML file", "FILE");
  importing->add_option("--name", *other, "under this name (default: as the file says)");
  program.onRun(importing, [name, other](const Globals& g) { return import(*name, *other, g); });
  CLI::App* exporting = verb("export", "Writes one as TOML", "NAME");
  exporting->add_option("--out", *other, "file to write (default: standard output)");
  program.onRun(exporting, [name, other](const Globals& g) { return write(*name, *other, g); });
  program.onRun(verb("diff", "A file or a shared preset against live", "NAME"),
                [name](const Globals& g) { return diff(*name, g); });
  program.onRun(verb("remove", "Forgets a shared one", "NAME"), [name](const Globals& g) { return drop(*name, g); });
}

}  // namespace qd::cli
