// SPDX-License-Identifier: Apache-2.0
#include <unordered_set>

#include "core/link/wire/detail.h"

namespace qd::link {
namespace {

using detail::enumOr;
using detail::enumTo;
using link::fromProto;
using link::toProto;

constexpr std::size_t kMaxSeries = 4096;
constexpr int kMaxParameters = 1024;
constexpr int kMaxSites = 1024;
constexpr int kMaxActions = 256;
constexpr int kMaxLabels = 64;
constexpr int kMaxChoices = 256;
constexpr int kMaxArguments = 32;

struct ValueWriter {
  pb::Value& to;
  void operator()(std::monostate) const { to.clear_kind(); }
  void operator()(bool v) const { to.set_bool_value(v); }
  void operator()(std::int64_t v) const { to.set_int_value(v); }
  void operator()(double v) const { to.set_double_value(v); }
  void operator()(const std::string& v) const { to.set_string_value(v); }
  void operator()(Duration v) const { to.set_duration_ns(v.ns); }
  void operator()(const Vector& v) const { to.mutable_vector_value()->mutable_elements()->Assign(v.begin(), v.end()); }
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

void writeLabels(const Pairs& from, google::protobuf::RepeatedPtrField<pb::Label>* to) {
  for (const auto& [key, value] : from) {
    pb::Label* label = to->Add();
    label->set_key(key);
    label->set_value(value);
  }
}

Pairs readLabels(const google::protobuf::RepeatedPtrField<pb::Label>& from) {
  Pairs out;
  for (int i = 0; i < from.size() && i < kMaxLabels; ++i) {
    out.emplace_back(sanitise(from[i].key()), sanitise(from[i].value()));
  }
  return out;
}

std::optional<double> finite(bool present, double value) {
  if (!present || !std::isfinite(value)) return std::nullopt;
  return value;
}

pb::Process::Kind kindTo(ingest::ProcessKind kind) {
  if (kind == ingest::ProcessKind::Server) return pb::Process::SERVER;
  return kind == ingest::ProcessKind::Editor ? pb::Process::EDITOR : pb::Process::OTHER;
}

ingest::ProcessKind kindFrom(int kind) {
  if (kind == pb::Process::SERVER) return ingest::ProcessKind::Server;
  return kind == pb::Process::EDITOR ? ingest::ProcessKind::Editor : ingest::ProcessKind::Other;
}

void toProto(const ingest::SeriesInfo& from, pb::Series& to) {
  to.set_index(from.index.value);
  to.set_name(from.name);
  to.set_unit(from.unit);
  to.set_kind(from.integer ? pb::Series::INTEGER : pb::Series::DOUBLE);
  to.set_scale(from.scale);
  to.set_description(from.description);
  if (from.budget) to.set_budget(*from.budget);
  writeLabels(from.dimensions, to.mutable_dimensions());
  to.set_derived(from.derived);
}

ingest::SeriesInfo fromProto(const pb::Series& from) {
  ingest::SeriesInfo out;
  out.index = SeriesIndex(from.index());
  out.name = sanitise(from.name());
  out.unit = sanitise(from.unit(), 32);
  out.integer = from.kind() == pb::Series::INTEGER;
  out.scale = out.integer ? std::clamp(from.scale(), -18, 18) : 0;
  out.description = sanitise(from.description(), kProseCap, TextKind::Prose);
  out.budget = finite(from.has_budget(), from.budget());
  out.dimensions = readLabels(from.dimensions());
  out.derived = from.derived();
  return out;
}

// An index stands for one series: of two with the same, the first counts.
std::vector<ingest::SeriesInfo> readSeries(const pb::Process& from) {
  std::vector<ingest::SeriesInfo> out;
  std::unordered_set<std::uint32_t> seen;
  for (const pb::Series& series : from.series()) {
    if (!detail::isSeriesIndex(series.index()) || series.name().empty() || out.size() >= kMaxSeries ||
        !seen.insert(series.index()).second)
      continue;
    out.push_back(fromProto(series));
  }
  return out;
}

void toProto(const ingest::SiteInfo& from, pb::Site& to) {
  to.set_name(from.name);
  to.set_file(from.file);
  to.set_line(from.line);
}

ingest::SiteInfo fromProto(const pb::Site& from) {
  return {sanitise(from.name()), sanitise(from.file(), 1024), std::max(from.line(), 0)};
}

void toProto(const ingest::ActionSpec& from, pb::Action& to) {
  to.set_name(from.name);
  to.set_description(from.description);
  to.set_risk(enumTo<pb::Risk>(from.risk));
  detail::fillAll(from.arguments, to.mutable_arguments());
}

ingest::ActionSpec fromProto(const pb::Action& from) {
  ingest::ActionSpec out;
  out.name = sanitise(from.name());
  out.description = sanitise(from.description(), kProseCap, TextKind::Prose);
  out.risk = enumOr(from.risk(), ingest::Risk::Dangerous, ingest::Risk::Dangerous);
  out.arguments = detail::takeAll<ingest::ParameterSpec>(from.arguments(), kMaxArguments);
  return out;
}

}  // namespace

void toProto(const Value& from, pb::Value& to) {
  std::visit(ValueWriter{to}, from);
}

Value fromProto(const pb::Value& from) {
  switch (from.kind_case()) {
    case pb::Value::kBoolValue:
      return from.bool_value();
    case pb::Value::kIntValue:
      return static_cast<std::int64_t>(from.int_value());
    case pb::Value::kDoubleValue:
      return from.double_value();
    case pb::Value::kStringValue:
      return sanitise(from.string_value(), kProseCap, TextKind::Prose);
    case pb::Value::kDurationNs:
      return Duration{from.duration_ns()};
    case pb::Value::kVectorValue: {
      const auto& elements = from.vector_value().elements();
      return Vector(elements.data(), elements.data() + std::min(elements.size(), 4));
    }
    case pb::Value::KIND_NOT_SET:
      break;
  }
  return std::monostate{};
}

void toProto(const Field& from, pb::Field& to) {
  to.set_name(from.first);
  toProto(from.second, *to.mutable_value());
}

Field fromProto(const pb::Field& from) {
  return {sanitise(from.name()), fromProto(from.value())};
}

void toProto(const ingest::ProcessRef& from, pb::ProcessRef& to) {
  to.set_id(from.id.value);
  to.set_instance(from.instance.value);
}

Result<ingest::ProcessRef> fromProto(const pb::ProcessRef& from) {
  auto id = detail::processId(from.id());
  if (!id) return std::unexpected(id.error());
  return ingest::ProcessRef{std::move(*id), InstanceId(from.instance())};
}

void toProto(const ingest::ParameterSpec& from, pb::Parameter& to) {
  to.set_name(from.name);
  to.set_type(enumTo<pb::Parameter::Type>(from.type));
  to.set_unit(from.unit);
  if (from.min) to.set_min(*from.min);
  if (from.max) to.set_max(*from.max);
  if (from.step) to.set_step(*from.step);
  for (const std::string& choice : from.choices) to.add_choices(choice);
  toProto(from.defaultValue, *to.mutable_default_value());
  to.set_group(from.group);
  to.set_description(from.description);
  to.set_risk(enumTo<pb::Risk>(from.risk));
  to.set_effect(enumTo<pb::Parameter::Effect>(from.effect));
}

ingest::ParameterSpec fromProto(const pb::Parameter& from) {
  ingest::ParameterSpec out;
  out.name = sanitise(from.name());
  out.type = enumOr(from.type(), ValueType::Vector, ValueType::None);
  out.unit = sanitise(from.unit(), 32);
  out.min = finite(from.has_min(), from.min());
  out.max = finite(from.has_max(), from.max());
  if (out.min && out.max && *out.min > *out.max) out.min = out.max = std::nullopt;
  out.step = finite(from.has_step() && from.step() > 0, from.step());
  for (int i = 0; i < from.choices_size() && i < kMaxChoices; ++i) out.choices.push_back(sanitise(from.choices(i)));
  out.defaultValue = fromProto(from.default_value());
  out.group = sanitise(from.group());
  out.description = sanitise(from.description(), kProseCap, TextKind::Prose);
  out.risk = enumOr(from.risk(), ingest::Risk::Dangerous, ingest::Risk::Dangerous);
  out.effect = enumOr(from.effect(), ingest::Effect::Restart, ingest::Effect::NextTick);
  return out;
}

void toProto(const ingest::ParameterValue& from, pb::ParameterValue& to) {
  to.set_name(from.name);
  toProto(from.value, *to.mutable_value());
  to.set_version(from.version);
  to.set_tick(from.tick);
  to.set_time_ns(from.time);
  to.set_push_id(from.pushId);
  to.set_who(from.who);
  if (from.desired) toProto(*from.desired, *to.mutable_desired());
  to.set_desired_push(from.desiredPush);
  to.set_desired_who(from.desiredWho);
}

ingest::ParameterValue fromProto(const pb::ParameterValue& from) {
  ingest::ParameterValue out;
  out.name = sanitise(from.name());
  out.value = fromProto(from.value());
  out.version = from.version();
  out.tick = from.tick();
  out.time = from.time_ns();
  out.pushId = detail::token(from.push_id());
  out.who = sanitise(from.who());
  if (from.has_desired()) out.desired = fromProto(from.desired());
  out.desiredPush = detail::token(from.desired_push());
  out.desiredWho = sanitise(from.desired_who());
  return out;
}

void toProto(const ingest::ProcessInfo& from, pb::Process& to) {
  to.set_id(from.id.value);
  to.set_instance(from.instance.value);
  to.set_kind(kindTo(from.kind));
  to.set_name(from.name);
  to.set_pid(from.pid);
  to.set_state(enumTo<pb::Process::State>(from.state));
  to.set_domain(from.domain);
  to.set_tick_hz(from.tickHz);
  to.set_tick(from.tick);
  to.set_started_ns(from.started);
  writeLabels(from.labels, to.mutable_labels());
  to.set_build_version(from.build.version);
  to.set_build_commit(from.build.commit);
  to.set_build_id(from.build.id);
  for (const auto& series : from.series) toProto(series, *to.add_series());
  for (const auto& parameter : from.parameters) toProto(parameter, *to.add_parameters());
  for (const auto& site : from.sites) toProto(site, *to.add_sites());
  for (const auto& action : from.actions) toProto(action, *to.add_actions());
}

Result<ingest::ProcessInfo> fromProto(const pb::Process& from) {
  auto id = detail::processId(from.id());
  if (!id) return std::unexpected(id.error());
  ingest::ProcessInfo out;
  out.id = std::move(*id);
  out.instance = InstanceId(from.instance());
  out.kind = kindFrom(from.kind());
  out.name = sanitise(from.name());
  out.pid = from.pid();
  out.state = enumOr(from.state(), ingest::ProcessState::Gone, ingest::ProcessState::Running);
  out.domain = isProcessId(from.domain()) ? from.domain() : std::string();
  const double hz = from.tick_hz();
  out.tickHz = std::isfinite(hz) && hz > 0 ? std::min(hz, 1e6) : 0;
  out.tick = from.tick();
  out.started = from.started_ns();
  out.labels = readLabels(from.labels());
  out.build = {sanitise(from.build_version()), sanitise(from.build_commit()), sanitise(from.build_id())};
  out.series = readSeries(from);
  out.parameters = detail::takeAll<ingest::ParameterSpec>(from.parameters(), kMaxParameters);
  for (int i = 0; i < from.sites_size() && i < kMaxSites; ++i) out.sites.push_back(fromProto(from.sites(i)));
  for (int i = 0; i < from.actions_size() && i < kMaxActions; ++i) out.actions.push_back(fromProto(from.actions(i)));
  return out;
}

}  // namespace qd::link
