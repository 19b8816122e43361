// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One GET at a time, with limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace rafale::connectors {

/// What came back.
struct HttpResult {
  int status = 0;  ///< 0: nothing did, and `error` says why
  std::string error;
  std::string body;
  std::string etag;           ///< to be given with the next request for the same URL
  std::string last_modified;  ///< the same
  std::optional<std::int64_t> retry_after_ms{};
};

/// Asks http and https servers; certificates are checked. Used on one thread at a time.
class HttpClient {
 public:
  struct Options {
    std::int64_t connect_timeout_ms = 5000;
    std::int64_t read_timeout_ms = 20'000;
    std::size_t max_bytes = std::size_t{64} << 20;  ///< of an answer
  };

  explicit HttpClient(Options options) : options_(options) {}

  /// `etag` and `last_modified` are those of an earlier answer, or empty: an answer that did not
  /// change is then a 304 without a body. Follows up to five redirections.
  HttpResult get(const std::string& url, const std::string& etag = {},
                 const std::string& last_modified = {}) const;

 private:
  HttpResult get_once(const std::string& url, const std::string& etag,
                      const std::string& last_modified, std::string& location) const;

  Options options_;
};

/// The URL as it may be shown: the values of parameters that look like keys are "***".
std::string without_secrets(std::string url);

}  // namespace rafale::connectors
