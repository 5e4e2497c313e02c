// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "Engine/World.h"
struct FCoreUObjectDelegates {
  static TMulticastDelegate<UWorld*> PostLoadMapWithWorld;
};
