// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/plot_export.h"

#include <bit>
#include <charconv>
#include <cmath>

namespace qd::widgets::plot {
namespace {

constexpr qsizetype kPiece = qsizetype{1} << 20;
constexpr int kAskedAtOnce = 1 << 19;  // pixels: every sample comes as long as there are at most twice as many

template <class Number>
void append(QByteArray& out, Number value) {
  char text[64];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  out.append(text, end - text);
}

void appendValue(QByteArray& out, double value) {
  if (std::isnan(value)) {
    out.append("nan");
  } else if (std::isinf(value)) {
    out.append(value > 0 ? "inf" : "-inf");
  } else {
    append(out, value);  // the shortest text that reads back to the same bits
  }
}

// raw * 10^-scale, every digit of it.
void appendDecimal(QByteArray& out, std::int64_t raw, int scale) {
  if (scale <= 0) {
    append(out, raw);
    if (raw != 0) out.append(-scale, '0');
    return;
  }
  std::uint64_t rest = raw < 0 ? 0 - static_cast<std::uint64_t>(raw) : static_cast<std::uint64_t>(raw);
  QByteArray digits = QByteArray::number(static_cast<qulonglong>(rest)).rightJustified(scale + 1, '0');
  if (raw < 0) out.append('-');
  out.append(digits.insert(digits.size() - scale, '.'));
}

class Lines {
 public:
  Lines(char separator, const std::function<bool(const QByteArray&)>& put) : separator_(separator), put_(put) {
    for (const char* name : {"process", "series", "tick", "time_ns", "value"})
      buffer_.append(name).append(*name == 'v' ? '\n' : separator);
  }
  void begin(const PaneSeries& series) {
    const std::string name = series.isDerived() ? analysis::textOf(series.bound.expression) : series.meta.label();
    head_ = csvField(series.ref.process.value, separator_) + separator_ + csvField(name, separator_) + separator_;
  }
  bool add(const series::Sample& sample) {
    place(sample.tick, sample.time);
    appendValue(buffer_, sample.value);
    return end();
  }
  bool add(const series::ExactSample& sample) {
    place(sample.tick, sample.time);
    if (sample.integer) {
      appendDecimal(buffer_, static_cast<std::int64_t>(sample.bits), sample.scale);
    } else {
      appendValue(buffer_, std::bit_cast<double>(sample.bits));
    }
    return end();
  }
  bool flush() {
    const bool done = put_(buffer_);
    buffer_.clear();
    return done;
  }

 private:
  void place(Tick tick, TimeNs time) {
    buffer_.append(head_);
    append(buffer_, tick);
    buffer_.append(separator_);
    append(buffer_, time);
    buffer_.append(separator_);
  }
  bool end() {
    buffer_.append('\n');
    return buffer_.size() < kPiece || flush();
  }

  char separator_;
  const std::function<bool(const QByteArray&)>& put_;
  QByteArray buffer_, head_;
};

std::unexpected<Error> loading() {
  return fail(ErrorCode::Unavailable,
              "A part of the range is still being loaded: try again when \"refining…\" is gone.");
}

// Every computed sample in [from, to], in halves where there are too many at once.
Result<> eachDerived(const series::Store& store, const analysis::Bound& bound, TimeNs from, TimeNs to,
                     const std::function<Result<>(const series::Sample&)>& each) {
  const auto data = analysis::evaluate(store, bound, from, to, kAskedAtOnce);
  if (data.refining) return loading();
  if (!data.exact && to > from) {
    const TimeNs middle = from + (to - from) / 2;
    if (auto first = eachDerived(store, bound, from, middle, each); !first) return first;
    return eachDerived(store, bound, middle + 1, to, each);
  }
  for (const auto& sample : data.samples) {
    if (sample.time < from || sample.time > to) continue;
    if (auto done = each(sample); !done) return done;
  }
  return {};
}

// Every sample as it came.
Result<> eachExact(const series::Store& store, series::SeriesId id, TimeNs from, TimeNs to,
                   const std::function<Result<>(const series::ExactSample&)>& each) {
  Result<> done;
  const bool whole = store.visit(id, series::Axis::Time, from, to, [&](const series::ExactSample& sample) {
    if (done) done = each(sample);
  });
  return whole ? done : loading();
}

}  // namespace

QByteArray csvField(const std::string& text, char separator) {
  QByteArray field = QByteArray::fromStdString(text);
  if (separator == '\t') return field.replace('\t', ' ').replace('\n', ' ');
  if (text.find_first_of(std::string("\"\r\n") + separator) == std::string::npos) return field;
  return '"' + field.replace("\"", "\"\"") + '"';
}

Result<std::uint64_t> writeSamples(const series::Store& store, const std::vector<PaneSeries>& series, TimeNs from,
                                   TimeNs to, char separator, std::uint64_t most,
                                   const std::function<bool(const QByteArray&)>& put) {
  Lines lines(separator, put);
  std::uint64_t written = 0;
  const auto io = [] { return fail(ErrorCode::Io, "The samples could not be written."); };
  for (const PaneSeries& one : series) {
    lines.begin(one);
    const auto line = [&](const auto& sample) -> Result<> {
      if (++written > most)
        return fail(
            ErrorCode::Exhausted,
            "There are more than a million samples in the range: select a shorter one, or save them as a file.");
      if (!lines.add(sample)) return io();
      return {};
    };
    const auto done =
        one.isDerived() ? eachDerived(store, one.bound, from, to, line) : eachExact(store, one.bound.a, from, to, line);
    if (!done) return std::unexpected(done.error());
  }
  if (!lines.flush()) return io();
  return written;
}

}  // namespace qd::widgets::plot
