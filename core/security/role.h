// SPDX-License-Identifier: Apache-2.0
// Who may what. A client certificate names its roles by URI SANs "urn:quarterdeck:role:viewer|operator|debugger|agent"
// (one or several); its common name is who it is. A debugger may also do what an operator may, an operator and an agent
// what a viewer may, an agent (coordinating a rollout) also what an operator may. A certificate without a role may do
// nothing. Values only; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qd::security {

enum class Role { Viewer, Operator, Debugger, Agent };

std::string_view name(Role role);  // "viewer"
std::optional<Role> roleNamed(std::string_view name);
std::string roleUri(Role role);  // "urn:quarterdeck:role:viewer"
std::optional<Role> roleFromUri(std::string_view uri);

class Roles {
 public:
  Roles() = default;
  Roles& add(Role role);  // with what it includes
  bool allows(Role needed) const { return (bits_ & bit(needed)) != 0; }
  bool empty() const { return bits_ == 0; }
  std::string text() const;  // "viewer, operator"

 private:
  static std::uint32_t bit(Role role) { return 1U << static_cast<unsigned>(role); }
  std::uint32_t bits_ = 0;
};

struct Identity {
  std::string who;  // the certificate's common name; "local" on plaintext loopback
  Roles roles;
};

// Plaintext on loopback: viewer and operator, and debugger where the agent was started with --allow-debug.
Identity loopbackIdentity(bool allowDebug);

}  // namespace qd::security
