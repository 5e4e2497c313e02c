// SPDX-License-Identifier: Apache-2.0
#include "agent/probe/expr.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace {

const std::vector<qd_field> kFields = {qd_kv("damage", qd_f64(62.5)),    qd_kv("victim", qd_i64(3)),
                                       qd_kv("weapon", qd_text("rail")), qd_kv("head", qd_bool(1)),
                                       qd_kv("big", qd_i64(INT64_MAX)),  qd_kv("nan", qd_f64(NAN))};

bool holds(const std::string& text) {
  qd_expr e;
  char reason[256];
  EXPECT_EQ(qd_expr_compile(&e, text.data(), text.size(), nullptr, reason, sizeof reason), 0) << text << ": " << reason;
  return qd_expr_holds(&e, kFields.data(), static_cast<uint32_t>(kFields.size())) != 0;
}

std::string refused(const std::string& text, const char* known = nullptr) {
  qd_expr e;
  char reason[256];
  EXPECT_NE(qd_expr_compile(&e, text.data(), text.size(), known, reason, sizeof reason), 0) << text;
  return reason;
}

TEST(Expr, Holds) {
  for (const char* text : {"",
                           "  ",
                           "damage > 50",
                           "damage>50&&victim==3",
                           "victim != 4",
                           "weapon == \"rail\"",
                           "weapon == 'rail'",
                           "head",
                           "!(victim == 4)",
                           "!!head",
                           "victim == 4 || damage >= 62.5",
                           "(damage > 50) == true",
                           "big == 9223372036854775807",
                           "big > 9223372036854775806",
                           "victim >= -1",
                           "true",
                           "weapon < 'rain'",
                           "victim == 4 && head || damage > 1",
                           "head && (victim == 4 || victim == 3)",
                           "victim == 3.0",
                           "nan != 1"})
    EXPECT_TRUE(holds(text)) << text;
}

TEST(Expr, DoesNotHold) {
  for (const char* text :
       {"damage < 50", "victim == 4", "weapon == 3", "weapon != 3", "missing == 1", "missing != 1", "missing", "!head",
        "false", "''", "0", "nan == nan", "nan < 1", "head && victim == 4", "big < 9223372036854775807"})
    EXPECT_FALSE(holds(text)) << text;
}

TEST(Expr, BadInputIsRefusedWithAReason) {
  for (const char* text :
       {"damage >", "> 5",   "damage = 5", "(damage > 5", "damage > 5)", "damage & 3", "damage && ", "\"open",
        "5 5",      "1.2.3", "12abc",      "a == == b",   "#",           "1e999",      "1e",         "1e+",
        ".",        "-",     "1_0",        "!",           "()",          "a < b < c",  "-inf",       "damage;"})
    EXPECT_FALSE(refused(text).empty()) << text;
  EXPECT_FALSE(refused(std::string("a\0b", 3)).empty());
  EXPECT_FALSE(refused(std::string(2000, 'a')).empty());
  EXPECT_FALSE(refused(std::string(100, '(') + "1" + std::string(100, ')')).empty());
  EXPECT_FALSE(refused(std::string(500, '!') + "1").empty());
  std::string many = "1";
  for (int i = 0; i < 100; i++) many += "||1";
  EXPECT_FALSE(refused(many).empty());
}

TEST(Expr, UnknownNamesAreRefusedWhereTheSiteSaysWhatItOffers) {
  EXPECT_NE(refused("demage > 1", "damage, victim").find("damage, victim"), std::string::npos);
  qd_expr e;
  EXPECT_EQ(qd_expr_compile(&e, "damage>1&&victim", 16, "damage, victim", nullptr, 0), 0);
  EXPECT_FALSE(refused("dam", "damage,victim").empty());
}

TEST(Expr, RandomTextNeverBreaksIt) {
  const std::string alphabet = "ab1.\"'()&|!=<> -+_e9#";
  uint32_t seed = 1;
  for (int i = 0; i < 20000; i++) {
    std::string text;
    for (uint32_t n = (seed = seed * 1664525 + 1013904223) >> 27; n > 0; n--)
      text += alphabet[((seed = seed * 1664525 + 1013904223) >> 16) % alphabet.size()];
    qd_expr e;
    char reason[64];
    if (qd_expr_compile(&e, text.data(), text.size(), nullptr, reason, sizeof reason) == 0)
      qd_expr_holds(&e, kFields.data(), static_cast<uint32_t>(kFields.size()));
    else
      EXPECT_STRNE(reason, "") << text;
  }
}

}  // namespace
