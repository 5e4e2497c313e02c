// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "Engine/World.h"
enum class EGetWorldErrorMode { ReturnNull };
class UEngine {
 public:
  UWorld* GetWorldFromContextObject(const UObject* object, EGetWorldErrorMode mode) const;
};
extern UEngine* GEngine;
