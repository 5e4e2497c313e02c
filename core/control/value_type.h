// SPDX-License-Identifier: Apache-2.0
// The type of a value by its name, for texts that keep values (desired values, experiments). Pure functions; any
// thread.
#pragma once

#include <string>

#include "core/base/value.h"

namespace qd::control {

ValueType typeOf(const Value& value);
ValueType typeNamed(const std::string& text);  // None where it is none

}  // namespace qd::control
