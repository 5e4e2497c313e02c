// SPDX-License-Identifier: Apache-2.0
// Elementary functions made of +, −, ×, ÷ and √ alone, which IEEE 754 rounds the same everywhere. The C library picks
// other variants on other processors (with and without fused multiply-add) and the compiler folds constants at another
// precision than it runs, each differing in the last bit: one such bit and two builds play two games. Angles in
// radians, |x| below 1e6; errors of a few ulp. Series after Taylor with classical range reduction. Pure; any thread.
#pragma once

#include <cmath>
#include <cstdint>

namespace qd::stage::exact {

inline constexpr double kPi = 3.14159265358979323846;

namespace detail {

// Sum of x^(2k) / ((first)(first+1)…) with alternating signs: the common body of sine and cosine on |x| ≤ π/4.
inline double alternating(double squared, int first) {
  double sum = 1;
  for (int n = first + 14; n >= first; n -= 2) sum = 1 - squared / (n * (n + 1)) * sum;
  return sum;
}

inline double sineCore(double x) {
  return x * alternating(x * x, 2);
}
inline double cosineCore(double x) {
  return alternating(x * x, 1);
}

struct Reduced {
  std::int64_t quarter;
  double rest;
};
inline Reduced reduce(double x) {
  constexpr double kHigh = 1.57079632673412561417, kLow = 6.07710050650619224932e-11;  // π/2 in two parts
  const auto quarter = std::llround(x / (kPi / 2));
  const auto q = static_cast<double>(quarter);
  return {quarter & 3, (x - q * kHigh) - q * kLow};
}

}  // namespace detail

inline double sine(double x) {
  const auto [quarter, rest] = detail::reduce(x);
  const double value = quarter % 2 == 0 ? detail::sineCore(rest) : detail::cosineCore(rest);
  return quarter < 2 ? value : -value;
}

inline double cosine(double x) {
  const auto [quarter, rest] = detail::reduce(x);
  const double value = quarter % 2 == 0 ? detail::cosineCore(rest) : detail::sineCore(rest);
  return quarter == 0 || quarter == 3 ? value : -value;
}

inline double arcTangent(double y, double x) {
  if (x == 0 && y == 0) return 0;
  const double ax = std::abs(x), ay = std::abs(y);
  const bool steep = ay > ax;
  double t = steep ? ax / ay : ay / ax;
  for (int i = 0; i < 2; ++i) t = t / (1 + std::sqrt(1 + t * t));  // the angle is halved twice: t ≤ tan(π/16)
  const double squared = t * t;
  double sum = 0;
  for (int n = 23; n >= 1; n -= 2) sum = 1.0 / n - squared * sum;
  double angle = 4 * t * sum;
  if (steep) angle = kPi / 2 - angle;
  if (x < 0) angle = kPi - angle;
  return y < 0 ? -angle : angle;
}

// Natural logarithm of a positive, finite number.
inline double logarithm(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0.70710678118654752) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1), squared = s * s;
  double sum = 0;
  for (int n = 23; n >= 1; n -= 2) sum = 1.0 / n + squared * sum;
  return 2 * s * sum + exponent * 0.69314718055994530942;
}

inline double exponential(double x) {
  const auto k = std::llround(x / 0.69314718055994530942);
  const double rest = x - static_cast<double>(k) * 0.69314718055994530942;
  double sum = 1;
  for (int n = 14; n >= 1; --n) sum = 1 + rest / n * sum;
  return std::ldexp(sum, static_cast<int>(k));
}

}  // namespace qd::stage::exact
