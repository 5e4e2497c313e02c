// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CoreMinimal.h"
class UBlueprintFunctionLibrary : public UObject {};
