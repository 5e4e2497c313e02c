// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "GameFramework/Actor.h"
class AGameStateBase : public AActor {
 public:
  double GetServerWorldTimeSeconds() const;
};
