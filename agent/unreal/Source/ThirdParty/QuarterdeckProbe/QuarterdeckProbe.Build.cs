// SPDX-License-Identifier: Apache-2.0
using System.IO;
using UnrealBuildTool;

// The probe, built beforehand as the README says: include/agent/probe/*.h, and a library for each platform.
public class QuarterdeckProbe : ModuleRules
{
	public QuarterdeckProbe(ReadOnlyTargetRules Target) : base(Target)
	{
		Type = ModuleType.External;
		PublicSystemIncludePaths.Add(Path.Combine(ModuleDirectory, "include"));
		if (Target.Platform == UnrealTargetPlatform.Win64)
		{
			PublicAdditionalLibraries.Add(Path.Combine(ModuleDirectory, "lib", "Win64", "quarterdeck_probe.lib"));
			PublicDelayLoadDLLs.Add("quarterdeck_probe.dll");
			RuntimeDependencies.Add("$(BinaryOutputDir)/quarterdeck_probe.dll",
				Path.Combine(ModuleDirectory, "lib", "Win64", "quarterdeck_probe.dll"));
		}
		else
		{
			PublicAdditionalLibraries.Add(Path.Combine(ModuleDirectory, "lib", "Linux", "libquarterdeck_probe.a"));
		}
	}
}
