// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "agent/debug/dap_client.h"
#include "agent/debug/protocol.h"
#include "agent/debug/quirks.h"

namespace qd::debug {
namespace {

TEST(DapCodec, MessagesComeWholeHoweverTheBytesAreCut) {
  const std::string bytes = framed({{"a", 1}}) + framed({{"b", "ü"}});
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    DapReader reader;
    std::vector<Json> got;
    for (const auto& part : {bytes.substr(0, cut), bytes.substr(cut)}) {
      reader.feed(part);
      while (true) {
        auto next = reader.next();
        ASSERT_TRUE(next);
        if (!*next) break;
        got.push_back(**next);
      }
    }
    ASSERT_EQ(got.size(), 2u) << cut;
    EXPECT_EQ(got[0]["a"], 1);
    EXPECT_EQ(got[1]["b"], "ü");
  }
}

TEST(DapCodec, WhatIsNoMessageIsRefused) {
  const std::string broken[] = {std::string(5000, 'x'),       "Content-Length: 99999999999\r\n\r\n",
                                "Content-Length: -1\r\n\r\n", "Content-Length: x\r\n\r\n",
                                "No-Length: 3\r\n\r\n{}",     "Content-Length: 3\r\n\r\n[1]",
                                "Content-Length: 2\r\n\r\n{{"};
  for (const std::string& bytes : broken) {
    DapReader reader;
    reader.feed(bytes);
    EXPECT_FALSE(reader.next()) << bytes.substr(0, 40);
  }
}

struct Conversation {
  std::vector<Json> sent;
  DapClient client{[this](const std::string& bytes) {
                     DapReader reader;
                     reader.feed(bytes);
                     sent.push_back(**reader.next());
                   },
                   [](const std::string&, const Json&) {}};
  void answer(std::int64_t seq, bool ok = true) {
    EXPECT_TRUE(
        client.receive(framed({{"type", "response"}, {"request_seq", seq}, {"success", ok}, {"message", "no"}})));
  }
};

TEST(DapClient, OneRequestIsInFlightAtATimeAndAttachHoldsUpNobody) {
  Conversation talk;
  std::vector<std::string> done;
  talk.client.request("attach", Json::object(), [&](const DapAnswer&) { done.push_back("attach"); });
  talk.client.request("setBreakpoints", Json::object(), [&](const DapAnswer&) { done.push_back("set"); });
  talk.client.request("pause", Json::object(), [&](const DapAnswer& a) { done.push_back(a.ok ? "pause" : a.error); });
  ASSERT_EQ(talk.sent.size(), 2u);
  EXPECT_EQ(talk.sent[1]["command"], "setBreakpoints");
  talk.answer(99);  // nobody's
  ASSERT_EQ(talk.sent.size(), 2u);
  talk.answer(2);
  ASSERT_EQ(talk.sent.size(), 3u);
  EXPECT_EQ(talk.sent[2]["command"], "pause");
  talk.answer(3, false);
  talk.answer(1);
  EXPECT_EQ(done, (std::vector<std::string>{"set", "The debugger refused pause: no.", "attach"}));
}

TEST(DapClient, WhatIsOpenWhenTheAdapterGoesFailsOnce) {
  Conversation talk;
  int failed = 0;
  for (int i = 0; i < 3; ++i) {
    talk.client.request("threads", Json::object(),
                        [&](const DapAnswer& a) { failed += a.error == "It ended." ? 1 : 100; });
  }
  talk.client.closed("It ended.");
  talk.client.closed("Again.");
  EXPECT_EQ(failed, 3);
}

TEST(GuardianProtocol, OrdersAndWhatIsToldComeBackAsTheyWere) {
  const SourceBreakpoint b{"bp-1", 7, "/src/a.cpp", "", 12, "x > \"1\"\n", 3, "hit {x}"};
  const auto order = orderIn(lineOf(Order(SetAll{{b}})));
  ASSERT_TRUE(order);
  ASSERT_TRUE(std::holds_alternative<SetAll>(*order));
  EXPECT_EQ(std::get<SetAll>(*order).breakpoints, std::vector<SourceBreakpoint>{b});
  Stopped stopped{3, StopCause::ConditionError, {"bp-1", "bp-2"}, 9, 123456789012345, "why\xff"};
  const auto told = toldIn(lineOf(Told(stopped)));
  ASSERT_TRUE(told && std::holds_alternative<Stopped>(*told));
  const auto& back = std::get<Stopped>(*told);
  EXPECT_EQ(back.epoch, 3u);
  EXPECT_EQ(back.cause, StopCause::ConditionError);
  EXPECT_EQ(back.breakpoints, stopped.breakpoints);
  EXPECT_EQ(back.stopId, 9u);
  EXPECT_EQ(back.timeNs, stopped.timeNs);
  EXPECT_FALSE(orderIn("nonsense"));
  EXPECT_FALSE(orderIn("{\"order\":\"dance\"}"));
  EXPECT_FALSE(toldIn("{}"));
}

TEST(Quirks, StopsMeanWhatTheyMean) {
  const Quirks lldb(DebuggerKind::Lldb), delve(DebuggerKind::Delve);
  const Json signal = {{"reason", "exception"}, {"description", "signal SIGSTOP"}};
  EXPECT_EQ(lldb.causeOf(signal, true), StopCause::Linked);
  EXPECT_EQ(lldb.causeOf(signal, false), StopCause::Exception);  // somebody else's signal
  EXPECT_EQ(lldb.causeOf({{"reason", "exception"}, {"description", "signal SIGSEGV"}}, true), StopCause::Exception);
  EXPECT_EQ(delve.causeOf({{"reason", "pause"}}, true), StopCause::Linked);
  EXPECT_EQ(delve.causeOf({{"reason", "pause"}}, false), StopCause::Unknown);
  EXPECT_EQ(delve.causeOf({{"reason", "exception"}, {"text", "error evaluating expression: x"}}, false),
            StopCause::ConditionError);
  EXPECT_EQ(lldb.hitNumbers({{"description", "breakpoint 12.3"}}), std::vector<std::int64_t>{12});
  EXPECT_EQ(lldb.hitNumbers({{"hitBreakpointIds", {4, 5}}}), (std::vector<std::int64_t>{4, 5}));
  EXPECT_EQ(lldb.hitCondition(3), "3");
  EXPECT_EQ(delve.hitCondition(3), ">= 3");
  EXPECT_TRUE(delve.hitCondition(1).is_null());
  EXPECT_EQ(Quirks::portIn("DAP server listening at: 127.0.0.1:36621"), 36621);
  EXPECT_FALSE(Quirks::portIn("could not listen: 127.0.0.1:0"));
}

}  // namespace
}  // namespace qd::debug
