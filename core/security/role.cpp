// SPDX-License-Identifier: Apache-2.0
#include "core/security/role.h"

#include <array>

namespace qd::security {
namespace {

constexpr std::string_view kPrefix = "urn:quarterdeck:role:";
constexpr std::array kAll = {Role::Viewer, Role::Operator, Role::Debugger, Role::Agent};

}  // namespace

std::string_view name(Role role) {
  constexpr std::array<std::string_view, 4> names = {"viewer", "operator", "debugger", "agent"};
  return names[static_cast<std::size_t>(role)];
}

std::optional<Role> roleNamed(std::string_view text) {
  for (const Role role : kAll) {
    if (name(role) == text) return role;
  }
  return std::nullopt;
}

std::string roleUri(Role role) {
  return std::string(kPrefix) + std::string(name(role));
}

std::optional<Role> roleFromUri(std::string_view uri) {
  if (!uri.starts_with(kPrefix)) return std::nullopt;
  return roleNamed(uri.substr(kPrefix.size()));
}

Roles& Roles::add(Role role) {
  bits_ |= bit(role) | bit(Role::Viewer);
  if (role != Role::Viewer) bits_ |= bit(Role::Operator);
  return *this;
}

std::string Roles::text() const {
  std::string out;
  for (const Role role : kAll) {
    if (!allows(role)) continue;
    if (!out.empty()) out += ", ";
    out += name(role);
  }
  return out.empty() ? "no role" : out;
}

Identity loopbackIdentity(bool allowDebug) {
  Identity out{"local", {}};
  out.roles.add(allowDebug ? Role::Debugger : Role::Operator);
  return out;
}

}  // namespace qd::security
