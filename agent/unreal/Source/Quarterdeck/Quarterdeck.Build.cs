// SPDX-License-Identifier: Apache-2.0
using UnrealBuildTool;

public class Quarterdeck : ModuleRules
{
	public Quarterdeck(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		bEnableExceptions = false;
		bUseRTTI = false;
		PublicDependencyModuleNames.AddRange(new[] { "Core", "CoreUObject", "Engine", "DeveloperSettings", "QuarterdeckProbe" });
	}
}
