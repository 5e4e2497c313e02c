// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "GameFramework/Actor.h"
class APawn : public AActor {
 public:
  bool IsPlayerControlled() const;
  bool IsLocallyControlled() const;
};
