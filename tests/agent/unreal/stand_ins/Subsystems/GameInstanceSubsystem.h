// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "Engine/GameInstance.h"
class FSubsystemCollectionBase {};
class UGameInstanceSubsystem : public UObject {
 public:
  virtual ~UGameInstanceSubsystem();
  virtual void Initialize(FSubsystemCollectionBase& Collection);
  virtual void Deinitialize();
  UGameInstance* GetGameInstance() const;
};
#undef GENERATED_BODY
#define GENERATED_BODY()                \
 public:                                \
  using Super = UGameInstanceSubsystem; \
                                        \
 private:
