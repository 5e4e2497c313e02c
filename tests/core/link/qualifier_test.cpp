// SPDX-License-Identifier: Apache-2.0
#include "core/link/qualifier.h"

#include <gtest/gtest.h>

namespace qd::link {
namespace {

const std::string kA = "10.0.0.1:1", kB = "10.0.0.2:2", kC = "10.0.0.3:3";

ingest::Event process(const std::string& id, const std::string& domain) {
  ingest::ProcessChange change;
  change.info.id = ProcessId(id);
  change.info.domain = domain;
  return change;
}

ingest::Event group(const std::string& id, std::vector<std::string> members) {
  ingest::LinkGroup out;
  out.id = id;
  for (const auto& member : members) out.members.push_back({.process = ProcessId(member)});
  return out;
}

TEST(Qualifier, AnEditorsDomainDoesNotMakeItsAgentTheServersOwner) {
  Qualifier ids({kA, kB});
  ingest::Event editor = process("editor-1", "server-1");
  ids.qualify(editor, 1);  // it comes first
  ingest::Event server = process("server-1", "server-1");
  ids.qualify(server, 0);
  EXPECT_EQ(std::get<ingest::ProcessChange>(editor).info.domain, "server-1");
  EXPECT_EQ(std::get<ingest::ProcessChange>(server).info.id, ProcessId("server-1"));
  EXPECT_EQ(ids.ownerOf(ProcessId("server-1"))->agent, 0U);
}

TEST(Qualifier, AServersOwnDomainIsQualifiedWithIt) {
  Qualifier ids({kA, kB});
  ingest::Event first = process("server-1", "server-1"), second = first;
  ids.qualify(first, 0);
  ids.qualify(second, 1);
  EXPECT_EQ(std::get<ingest::ProcessChange>(second).info.id, ProcessId("server-1@" + kB));
  EXPECT_EQ(std::get<ingest::ProcessChange>(second).info.domain, "server-1@" + kB);
}

TEST(Qualifier, AMemberAtAnotherAgentIsShownAsThatAgentsProcess) {
  Qualifier ids({kA, kB});
  ingest::Event editor = process("editor-1", "server-1");
  ids.qualify(editor, 1);
  ingest::Event told = group("group-1", {"server-1", "editor-1@" + kB, "editor-7@" + kC});
  ids.qualify(told, 0);
  const auto& shown = std::get<ingest::LinkGroup>(told);
  EXPECT_EQ(shown.id, "group-1");
  EXPECT_EQ(shown.members[1].process, ProcessId("editor-1"));
  EXPECT_EQ(shown.members[2].process, ProcessId("editor-7@" + kC)) << "not in this session";
  EXPECT_EQ(ids.nameAt(0, ProcessId("editor-1")), "editor-1@" + kB);
  EXPECT_EQ(ids.nameAt(1, ProcessId("editor-1")), "editor-1");
}

TEST(Qualifier, ACopyIsLeftOutWhereItsHomeIsInTheSession) {
  Qualifier both({kA, kB});
  const ingest::Event copy = group("group-1@" + kA, {"editor-1"});
  EXPECT_TRUE(both.isCopy(copy, 1));
  EXPECT_FALSE(both.isCopy(group("group-1", {}), 0));
  Qualifier without({kB, kC});
  EXPECT_FALSE(without.isCopy(copy, 0));
  // Several agents have the same copy: it is one, and one that has it passes orders on.
  ingest::Event first = copy, second = copy;
  without.qualify(first, 0);
  without.qualify(second, 1);
  EXPECT_EQ(std::get<ingest::LinkGroup>(first).id, std::get<ingest::LinkGroup>(second).id);
  EXPECT_EQ(without.ownerOfDebugId("group-1@" + kA).raw, "group-1@" + kA);
  EXPECT_EQ(without.ownerOfDebugId("group-1@" + kC).raw, "group-1") << "its own";
}

}  // namespace
}  // namespace qd::link
