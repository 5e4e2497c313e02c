// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
struct FSoftClassPath {
  template <class T>
  UClass* TryLoadClass() const;
};
