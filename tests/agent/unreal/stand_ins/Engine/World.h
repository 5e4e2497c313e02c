// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "Engine/EngineBaseTypes.h"
#include "Engine/GameInstance.h"
class AGameStateBase;
class UNetDriver;
class UWorld : public UObject {
 public:
  AGameStateBase* GetGameState() const;
  double GetTimeSeconds() const;
  UGameInstance* GetGameInstance() const;
  bool IsGameWorld() const;
  ENetMode GetNetMode() const;
  FString GetMapName() const;
  UNetDriver* GetNetDriver() const;
  uint8 bDebugPauseExecution : 1;
};
struct FWorldDelegates {
  static TMulticastDelegate<UWorld*, ELevelTick, float> OnWorldTickStart, OnWorldPostActorTick, OnWorldTickEnd;
};
