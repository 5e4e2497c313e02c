// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "CoreMinimal.h"
#include "Kismet/BlueprintFunctionLibrary.h"

#include "QuarterdeckBlueprint.generated.h"

DECLARE_DYNAMIC_DELEGATE(FQuarterdeckAction);

// Blueprint's nodes. With no agent they do nothing.
UCLASS()
class QUARTERDECK_API UQuarterdeckBlueprint : public UBlueprintFunctionLibrary
{
	GENERATED_BODY()

public:
	// One value of a series of this name, for the running tick.
	UFUNCTION(BlueprintCallable, Category = "Quarterdeck", meta = (WorldContext = "WorldContext"))
	static void QuarterdeckSample(const UObject* WorldContext, const FString& Series, const FString& Unit, double Value);

	// A place where a breakpoint can stop. True when the world will stand at the end of this tick.
	UFUNCTION(BlueprintCallable, Category = "Quarterdeck", meta = (WorldContext = "WorldContext"))
	static bool QuarterdeckSite(const UObject* WorldContext, const FString& Site, const TMap<FString, double>& Fields);

	// Something that an operator may ask for; it runs at the beginning of a tick.
	UFUNCTION(BlueprintCallable, Category = "Quarterdeck", meta = (WorldContext = "WorldContext"))
	static void QuarterdeckOffer(const UObject* WorldContext, const FString& Action, const FString& Description, FQuarterdeckAction Run);

	UFUNCTION(BlueprintCallable, Category = "Quarterdeck", meta = (WorldContext = "WorldContext"))
	static void QuarterdeckEvent(const UObject* WorldContext, const FString& Event, const TMap<FString, FString>& Fields);
};
