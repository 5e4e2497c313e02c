// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "Engine/World.h"
template <class T>
class TActorIterator {
 public:
  explicit TActorIterator(const UWorld* world);
  explicit operator bool() const;
  TActorIterator& operator++();
  T* operator*() const;
};
