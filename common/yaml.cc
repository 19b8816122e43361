// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Flattens what yaml-cpp parsed.

#include "common/yaml.h"

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "absl/status/status.h"

namespace rafale::common {
namespace {

// An alias can make a small file mean a huge or an endless one.
constexpr int kMostNesting = 32;
constexpr int kMostNodes = 100'000;

bool consume(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

bool all_digits(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

// [-+]? ( \. digits | digits ( \. digits? )? ) ( [eE] [-+]? digits )?
bool looks_like_double(std::string_view text) {
  std::string_view rest = text;
  const auto take_digits = [&rest] {
    std::size_t n = 0;
    while (n < rest.size() && rest[n] >= '0' && rest[n] <= '9') ++n;
    rest.remove_prefix(n);
    return n;
  };
  const auto take_sign = [&rest] {
    if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  };
  take_sign();
  const std::size_t whole = take_digits();
  const std::size_t fraction = consume(&rest, ".") ? take_digits() : 0;
  if (whole + fraction == 0) return false;
  if (!rest.empty() && (rest[0] == 'e' || rest[0] == 'E')) {
    rest.remove_prefix(1);
    take_sign();
    if (take_digits() == 0) return false;
  }
  return rest.empty();
}

absl::StatusOr<YamlValue> integer(std::string_view text, std::string_view digits, bool negative,
                                  int base) {
  std::uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  const std::uint64_t limit = std::uint64_t{1} << 63;
  if (error != std::errc() || magnitude > limit || (magnitude == limit && !negative)) {
    return absl::InvalidArgumentError(fmt::format(
        "the number {} does not fit into 64 bits; put it in quotes if it is a name", text));
  }
  return YamlValue{static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude)};
}

bool is_digits_of(std::string_view text, bool (*is_digit)(char)) {
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return !text.empty();
}

absl::StatusOr<YamlValue> number_or_string(std::string_view text) {
  std::string_view digits = text;
  if (consume(&digits, "0x")) {
    if (is_digits_of(digits,
                     [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }))
      return integer(text, digits, false, 16);
  } else if (consume(&digits, "0o")) {
    if (is_digits_of(digits, [](char c) { return c >= '0' && c <= '7'; })) {
      return integer(text, digits, false, 8);
    }
  } else {
    const bool negative = consume(&digits, "-");
    if (!negative) consume(&digits, "+");
    const bool padded =
        digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
    if (!padded && all_digits(digits)) return integer(text, digits, negative, 10);
    if (!padded && looks_like_double(text)) {
      return YamlValue{std::strtod(std::string(text).c_str(), nullptr)};
    }
  }
  return YamlValue{std::string(text)};
}

absl::StatusOr<YamlValue> plain_scalar(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) return YamlValue{};
  if (one_of(text, {"true", "True", "TRUE"})) return YamlValue{true};
  if (one_of(text, {"false", "False", "FALSE"})) return YamlValue{false};
  if (one_of(text, {".nan", ".NaN", ".NAN"})) {
    return YamlValue{std::numeric_limits<double>::quiet_NaN()};
  }
  if (one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"}))
    return YamlValue{kInfinity};
  if (one_of(text, {"-.inf", "-.Inf", "-.INF"})) return YamlValue{-kInfinity};
  return number_or_string(text);
}

// Whether the whole text is one quoted scalar, not words of which the first and the last are
// quoted.
bool is_one_quoted(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back()) return false;
  const char quote = text.front();
  if (quote != '"' && quote != '\'') return false;
  const std::string_view inner = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (quote == '"' && inner[i] == '\\') {
      if (++i == inner.size()) return false;
    } else if (inner[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < inner.size() && inner[i + 1] == quote;
      if (!doubled) return false;
      ++i;
    }
  }
  return true;
}

// One document on its way into a list of settings.
class Flattener {
 public:
  explicit Flattener(const std::string& name) : name_(name) {}

  absl::Status flatten(const YAML::Node& map, const std::string& prefix, int depth) {
    if (absl::Status status = check_size(map, depth); !status.ok()) return status;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) return error(entry.first, "a key must be plain text");
      const std::string key = prefix + entry.first.Scalar();
      absl::Status status = entry.second.IsMap() ? flatten(entry.second, key + ".", depth + 1)
                                                 : add(key, entry.first, entry.second, depth);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status error(const YAML::Mark& mark, std::string_view text) const {
    return absl::InvalidArgumentError(
        fmt::format("{}:{}:{}: {}", name_, mark.line + 1, mark.column + 1, text));
  }
  absl::Status error(const YAML::Node& node, std::string_view text) const {
    return error(node.Mark(), text);
  }

  std::vector<YamlSetting> take() { return std::move(settings_); }

 private:
  absl::Status add(const std::string& key, const YAML::Node& at, const YAML::Node& node,
                   int depth) {
    absl::StatusOr<YamlValue> value = convert(node, depth + 1);
    if (!value.ok()) return value.status();
    const YAML::Mark mark = at.Mark();
    const auto [known, fresh] = line_of_.try_emplace(key, mark.line + 1);
    if (!fresh) {
      return error(at, fmt::format("\"{}\" is already set in line {}", key, known->second));
    }
    settings_.push_back({key, *std::move(value), mark.line + 1, mark.column + 1});
    return absl::OkStatus();
  }

  absl::StatusOr<YamlValue> convert(const YAML::Node& node, int depth) {
    if (absl::Status status = check_size(node, depth); !status.ok()) return status;
    if (node.IsSequence()) {
      YamlValue::Sequence sequence;
      for (const auto& element : node) {
        absl::StatusOr<YamlValue> value = convert(element, depth + 1);
        if (!value.ok()) return value;
        sequence.push_back(*std::move(value));
      }
      return YamlValue{std::move(sequence)};
    }
    if (node.IsMap()) return convert_map(node, depth);
    if (!node.IsScalar()) return YamlValue{};
    // "!" marks quotes; an explicit tag !!str says the same.
    if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str") {
      return YamlValue{node.Scalar()};
    }
    absl::StatusOr<YamlValue> value = plain_scalar(node.Scalar());
    if (!value.ok()) return error(node, std::string(value.status().message()));
    return value;
  }

  absl::StatusOr<YamlValue> convert_map(const YAML::Node& node, int depth) {
    YamlValue::Mapping mapping;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return error(entry.first, "a key must be plain text");
      absl::StatusOr<YamlValue> value = convert(entry.second, depth + 1);
      if (!value.ok()) return value;
      if (!mapping.try_emplace(entry.first.Scalar(), *std::move(value)).second) {
        return error(entry.first, fmt::format("\"{}\" is given twice", entry.first.Scalar()));
      }
    }
    return YamlValue{std::move(mapping)};
  }

  absl::Status check_size(const YAML::Node& node, int depth) {
    if (depth > kMostNesting) {
      return error(node, fmt::format("nested more than {} deep", kMostNesting));
    }
    if (++nodes_ > kMostNodes) {
      return error(node, fmt::format("more than {} values", kMostNodes));
    }
    return absl::OkStatus();
  }

  const std::string& name_;
  std::vector<YamlSetting> settings_;
  std::map<std::string, int> line_of_;
  int nodes_ = 0;
};

}  // namespace

absl::StatusOr<YamlValue> parse_yaml_scalar(std::string_view text) {
  if (is_one_quoted(text)) {
    try {
      return YamlValue{YAML::Load(std::string(text)).Scalar()};
    } catch (const YAML::Exception& e) {
      return absl::InvalidArgumentError(fmt::format("{}: {}", text, e.msg));
    }
  }
  return plain_scalar(text);
}

absl::StatusOr<std::vector<YamlSetting>> parse_yaml_settings(const std::string& text,
                                                             const std::string& name) {
  Flattener flattener(name);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      return flattener.error(documents[1], "a second document; settings take one");
    }
    if (documents.empty() || documents[0].IsNull()) return std::vector<YamlSetting>();
    if (!documents[0].IsMap()) {
      return flattener.error(documents[0], "settings are a mapping, as in \"key: value\"");
    }
    if (absl::Status status = flattener.flatten(documents[0], "", 0); !status.ok()) return status;
  } catch (const YAML::Exception& e) {
    return flattener.error(e.mark, e.msg);
  }
  return flattener.take();
}

absl::StatusOr<std::vector<YamlSetting>> read_yaml_settings(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return absl::FailedPreconditionError(fmt::format("'{}' is a directory, not a file", path));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf() || file.peek() == std::ifstream::traits_type::eof())) {
    const int error = errno;
    const std::string message = fmt::format("cannot read '{}': {}", path, std::strerror(error));
    return error == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
  }
  return parse_yaml_settings(text.str(), path);
}

}  // namespace rafale::common
