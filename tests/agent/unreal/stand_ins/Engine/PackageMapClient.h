// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
class FNetworkGUID {
 public:
  bool IsValid() const;
  friend uint32 GetTypeHash(const FNetworkGUID& guid);
};
class FNetGUIDCache {
 public:
  FNetworkGUID GetNetGUID(const UObject* object) const;
};
