// SPDX-License-Identifier: Apache-2.0
#include "core/recording/redact.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <fstream>
#include <optional>

#include "core/recording/copy_out.h"
#include "core/recording/event_texts.h"
#include "core/recording/redact_rules.h"

namespace qd::recording {

using namespace ingest;

namespace {

constexpr std::string_view kRedacted = "redacted";

std::optional<Private> privacyOf(std::string_view field, const RedactOptions& options) {
  if (options.accounts && namesAccount(field, options.accountFields)) return Private::Account;
  if (options.addresses && namesAddress(field)) return Private::Address;
  return std::nullopt;
}

class Redactor {
 public:
  explicit Redactor(const RedactOptions& options) : options_(options) {}

  Result<> learn(const Envelope& envelope) {
    if (options_.addresses) names_.learn(Private::Address, envelope.agent.value);
    TextVisitor visitor;
    visitor.text = [this](std::string_view field, std::string& text) {
      if (const auto kind = privacyOf(field, options_)) {
        names_.learn(*kind, text);
      } else {
        learnFrom(text);
      }
    };
    visitor.local = [this](std::string&) { return options_.locals; };
    const Result<Event> walked = visitTexts(envelope.event, visitor);
    return walked ? Result<>() : std::unexpected(walked.error());
  }

  Result<EnvelopePtr> scrub(const Envelope& envelope) {
    auto out = std::make_shared<Envelope>();
    out->agent = AgentId(names_.scrub(envelope.agent.value));
    out->sequence = envelope.sequence;
    out->previous = envelope.previous;
    out->received = envelope.received;
    TextVisitor visitor;
    visitor.text = [this](std::string_view field, std::string& text) {
      const auto kind = privacyOf(field, options_);
      text = kind ? names_.replacement(*kind, text) : names_.scrub(text);
    };
    visitor.value = [this](std::string_view field, const std::string& written, std::string& text) {
      const auto kind = privacyOf(field, options_);
      if (kind) text = names_.replacement(*kind, written);
      return kind.has_value();
    };
    visitor.local = [this](std::string& text) {
      text = kRedacted;
      locals_ += options_.locals ? 1 : 0;
      return options_.locals;
    };
    Result<Event> event = visitTexts(envelope.event, visitor);
    if (!event) return std::unexpected(event.error());
    out->event = std::move(*event);
    return EnvelopePtr(std::move(out));
  }

  // What of an envelope should not be there any more; empty: nothing.
  std::string leftIn(const Envelope& envelope) const {
    std::string left = leftIn(envelope.agent.value);
    TextVisitor visitor;
    visitor.text = [&](std::string_view field, std::string& text) {
      if (left.empty()) left = leftIn(text);
      const auto kind = privacyOf(field, options_);
      if (left.empty() && kind && !text.empty() && !isName(text)) left = text;
    };
    visitor.local = [&](std::string& text) {
      text = kRedacted;
      return false;
    };
    (void)visitTexts(envelope.event, visitor);
    return left;
  }

  const Scrubber& names() const { return names_; }
  std::uint64_t locals() const { return locals_; }

 private:
  void learnFrom(const std::string& text) {
    if (options_.addresses && options_.accounts) {
      names_.learnFrom(text);
      return;
    }
    Scrubber found;
    found.learnFrom(text);
    for (const auto& [original, name] : found.known()) {
      const Private kind = name.starts_with("address") ? Private::Address : Private::Account;
      if (kind == Private::Address ? options_.addresses : options_.accounts) names_.learn(kind, original);
    }
  }

  bool isName(const std::string& text) const {
    return std::any_of(names_.known().begin(), names_.known().end(), [&](const auto& k) { return k.second == text; });
  }

  std::string leftIn(const std::string& text) const {
    if (names_.scrub(text) != text) return text;
    return options_.addresses && options_.accounts ? findPrivate(text) : std::string();
  }

  const RedactOptions& options_;
  Scrubber names_;
  std::uint64_t locals_ = 0;
};

// One of `secrets` in the raw bytes of the file; short ones would be met by chance in packed samples and are left to
// the check of the texts.
std::optional<std::string> leftInBytes(const std::string& path, const std::map<std::string, std::string>& secrets) {
  constexpr std::size_t kShortest = 8, kPiece = std::size_t{4} << 20;
  std::vector<std::string_view> wanted;
  std::bitset<65536> begins;
  const auto two = [](const char* at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(at[0])) << 8 | static_cast<unsigned char>(at[1]);
  };
  std::size_t longest = 0;
  for (const auto& [secret, name] : secrets) {
    if (secret.size() < kShortest) continue;
    wanted.push_back(secret);
    begins.set(two(secret.data()));
    longest = std::max(longest, secret.size());
  }
  if (wanted.empty()) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  std::string window;
  std::vector<char> piece(kPiece);
  while (in.read(piece.data(), kPiece), in.gcount() > 0) {
    window.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    for (std::size_t i = 0; i + 1 < window.size(); ++i) {
      if (!begins.test(two(window.data() + i))) continue;
      for (const std::string_view secret : wanted) {
        if (window.compare(i, secret.size(), secret) == 0) return std::string(secret);
      }
    }
    window.erase(0, window.size() - std::min(window.size(), longest));
  }
  return std::nullopt;
}

Result<> walkAll(const Recording& file, const std::stop_token& stop, std::vector<Damage>* damaged,
                 const std::function<Result<>(const Envelope&)>& each) {
  const Result<std::unique_ptr<Cursor>> cursor = file.cursor();
  if (!cursor) return std::unexpected(cursor.error());
  while (const std::optional<Placed> next = (*cursor)->next()) {
    if (stop.stop_requested()) return fail(ErrorCode::Unavailable, "Interrupted; nothing was written.");
    if (Result<> done = each(*next->envelope); !done) return done;
  }
  if (damaged != nullptr) *damaged = (*cursor)->damaged();
  return {};
}

Result<> check(const std::string& out, const Redactor& redactor, const std::stop_token& stop) {
  const auto left = [&](const std::string& what) {
    return fail(ErrorCode::Internal, fmt::format("\"{}\" was still in {} after redacting, so the file was removed; "
                                                 "please report this.",
                                                 what, out));
  };
  const auto file = Recording::open(out);
  if (!file) return std::unexpected(file.error());
  const Result<> texts = walkAll(**file, stop, nullptr, [&](const Envelope& envelope) -> Result<> {
    const std::string what = redactor.leftIn(envelope);
    return what.empty() ? Result<>() : left(what);
  });
  if (!texts) return texts;
  const auto bytes = leftInBytes(out, redactor.names().known());
  return bytes ? left(*bytes) : Result<>();
}

}  // namespace

Result<RedactReport> redact(const Recording& file, const RedactOptions& options, const std::string& out,
                            const std::string& program, std::stop_token stop) {
  Redactor redactor(options);
  const Result<> learnt = walkAll(file, stop, nullptr, [&](const Envelope& e) { return redactor.learn(e); });
  if (!learnt) return std::unexpected(learnt.error());
  Result<CopyOut> copy = CopyOut::create(out, program);
  if (!copy) return std::unexpected(copy.error());
  RedactReport report;
  const Result<> written = walkAll(file, stop, &report.damaged, [&](const Envelope& envelope) -> Result<> {
    Result<EnvelopePtr> scrubbed = redactor.scrub(envelope);
    return scrubbed ? copy->put(std::move(*scrubbed)) : std::unexpected(scrubbed.error());
  });
  if (!written) return std::unexpected(written.error());
  if (Result<> done = copy->finish(); !done) return std::unexpected(done.error());
  if (Result<> clean = check(out, redactor, stop); !clean) {
    removeRecording(out);
    return std::unexpected(clean.error());
  }
  report.points = copy->points();
  report.envelopes = copy->envelopes();
  report.addresses = redactor.names().count(Private::Address);
  report.accounts = redactor.names().count(Private::Account);
  report.locals = redactor.locals();
  return report;
}

}  // namespace qd::recording
