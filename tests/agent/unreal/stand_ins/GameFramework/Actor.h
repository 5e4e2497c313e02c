// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
class AActor : public UObject {
 public:
  bool IsReplicatingMovement() const;
  FName GetFName() const;
  FVector GetActorLocation() const;
  FVector GetVelocity() const;
  FQuat GetActorQuat() const;
};
