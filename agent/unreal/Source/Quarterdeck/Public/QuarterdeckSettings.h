// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "CoreMinimal.h"
#include "Engine/DeveloperSettings.h"
#include "UObject/SoftObjectPath.h"

#include "QuarterdeckSettings.generated.h"

// Project Settings › Plugins › Quarterdeck; in DefaultGame.ini. An environment variable of the same meaning wins
// (QUARTERDECK_SOCKET, QUARTERDECK_TOKEN).
UCLASS(config = Game, defaultconfig, meta = (DisplayName = "Quarterdeck"))
class QUARTERDECK_API UQuarterdeckSettings : public UDeveloperSettings
{
	GENERATED_BODY()

public:
	// Where the agent takes probes: a Unix socket's path, or tcp:HOST:PORT (on Windows always).
	UPROPERTY(config, EditAnywhere, Category = "Agent")
	FString Socket = TEXT("tcp:127.0.0.1:7401");

	// What the agent's --probe-token-file holds; empty for none.
	UPROPERTY(config, EditAnywhere, Category = "Agent")
	FString Token;

	// Stable name of the server; clients are NAME-client-1 and so on. Empty: the project's name.
	UPROPERTY(config, EditAnywhere, Category = "Agent")
	FString ProcessId;

	// The server's ticks a second: NetServerMaxTickRate, as a rule.
	UPROPERTY(config, EditAnywhere, Category = "Ticks", meta = (ClampMin = "1", ClampMax = "1000"))
	float TickHz = 30.f;

	// Console variables that begin so become parameters.
	UPROPERTY(config, EditAnywhere, Category = "Parameters")
	TArray<FString> ConsoleVariables;

	// Classes whose default objects' numeric and boolean properties become parameters: in the editor those with
	// meta=(Quarterdeck), in a packaged game (which has no metadata) all that are `config`.
	UPROPERTY(config, EditAnywhere, Category = "Parameters")
	TArray<FSoftClassPath> ParameterClasses;

	// Log lines of this verbosity and worse are sent.
	UPROPERTY(config, EditAnywhere, Category = "Log")
	bool bSendLog = true;
};
