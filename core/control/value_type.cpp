// SPDX-License-Identifier: Apache-2.0
#include "core/control/value_type.h"

namespace qd::control {

ValueType typeOf(const Value& value) {
  constexpr ValueType kTypes[] = {ValueType::None,   ValueType::Bool,     ValueType::Int,   ValueType::Float,
                                  ValueType::String, ValueType::Duration, ValueType::Vector};
  return kTypes[value.index()];
}

ValueType typeNamed(const std::string& text) {
  for (const ValueType type :
       {ValueType::Bool, ValueType::Int, ValueType::Float, ValueType::String, ValueType::Duration, ValueType::Vector}) {
    if (name(type) == text) return type;
  }
  return ValueType::None;
}

}  // namespace qd::control
