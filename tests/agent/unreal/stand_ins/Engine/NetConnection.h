// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
class UNetConnection : public UObject {
 public:
  struct FLoss {
    float GetAvgLossPercentage() const;
  };
  const FLoss& GetInLossPercentage() const;
  const FLoss& GetOutLossPercentage() const;
  float AvgLag;
};
