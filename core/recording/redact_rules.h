// SPDX-License-Identifier: Apache-2.0
// What of a text is somebody's: network addresses and accounts, each replaced by a name of its own ("address-1",
// "account-2") that is the same wherever it stands, so that what belongs together still does. Learn from everything
// first (a name that is known to be an account is taken out of free text too), then scrub. One thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace qd::recording {

enum class Private { Address, Account };

// The rules as a person reads them, one sentence each.
std::vector<std::string> redactionRules();

// Whether a field, label or dimension of this name holds an account / an address.
bool namesAccount(std::string_view field, const std::vector<std::string>& more);
bool namesAddress(std::string_view field);

class Scrubber {
 public:
  // A whole text that is one: an endpoint, a person. Its parts (host and port, user and host) are known with it.
  void learn(Private kind, const std::string& text);
  // What the patterns find in it: addresses, e-mail addresses, home folders.
  void learnFrom(std::string_view text);
  // The text with everything that is known or found replaced. Pure in what was learnt: the same text gives the same.
  std::string scrub(const std::string& text) const;
  // The whole text replaced by its name; empty stays empty.
  std::string replacement(Private kind, const std::string& text);

  const std::map<std::string, std::string>& known() const { return names_; }  // original → name
  std::size_t count(Private kind) const { return kind == Private::Address ? addresses_ : accounts_; }

 private:
  void name(Private kind, const std::string& text);

  std::map<std::string, std::string> names_;
  std::size_t addresses_ = 0, accounts_ = 0;
};

// The first thing in `text` that the patterns call private; empty: none. What Scrubber wrote is none.
std::string findPrivate(std::string_view text);

}  // namespace qd::recording
