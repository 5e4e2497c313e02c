// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
class UWorld;
class UGameInstance : public UObject {
 public:
  UWorld* GetWorld() const;
  template <class T>
  T* GetSubsystem() const;
};
