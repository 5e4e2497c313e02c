// SPDX-License-Identifier: Apache-2.0
// Breakpoints, groups and stops as JSON and as text: what `break list` and `break wait` print.
#pragma once

#include "app/cli/cli.h"
#include "core/breakpoints/registry_view.h"

namespace qd::cli {

Json breakpointJson(const ingest::Breakpoint& breakpoint);
Json groupJson(const ingest::LinkGroup& group);
// The stop of a group; `hit` may be null while the bundle is not there (or a person paused).
Json stopJson(const ingest::LinkGroup& group, const ingest::Hit* hit);
std::string stopText(const Json& stop);

}  // namespace qd::cli
