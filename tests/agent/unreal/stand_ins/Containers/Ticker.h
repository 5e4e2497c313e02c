// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
struct FTickerDelegate {
  template <class U>
  static FTickerDelegate CreateUObject(U* object, bool (U::*method)(float));
};
class FTSTicker {
 public:
  struct FDelegateHandle {};
  static FTSTicker& GetCoreTicker();
  FDelegateHandle AddTicker(const FTickerDelegate& delegate, float delay = 0.0f);
  static void RemoveTicker(FDelegateHandle handle);
};
