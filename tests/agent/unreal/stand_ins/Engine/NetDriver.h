// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "Engine/NetConnection.h"
class FNetGUIDCache;
class UNetDriver : public UObject {
 public:
  uint32 InBytesPerSecond, OutBytesPerSecond;
  TArray<UNetConnection*> ClientConnections;
  UNetConnection* ServerConnection;
  TSharedPtr<FNetGUIDCache> GuidCache;
};
