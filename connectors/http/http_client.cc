// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The one user of cpp-httplib here.
#include "connectors/http/http_client.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>

namespace rafale::connectors {
namespace {

constexpr int kNotModified = 304;
constexpr int kMostHops = 5;

/// "https://host:443/path?x" into "https://host:443" and "/path?x".
bool split(const std::string& url, std::string& server, std::string& path) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return false;
  const std::size_t slash = url.find_first_of("/?", scheme + 3);
  server = url.substr(0, slash);
  path = slash == std::string::npos ? "/" : url.substr(slash);
  if (path[0] == '?') path.insert(0, 1, '/');
  return server.size() > scheme + 3;
}

std::optional<std::int64_t> seconds_as_ms(const std::string& text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::min<std::int64_t>(seconds, 86'400) * 1000;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

// The library takes 304 for a redirection that leads nowhere, so redirections are followed here.
HttpResult HttpClient::get(const std::string& url, const std::string& etag,
                           const std::string& last_modified) const {
  std::string at = url;
  for (int hops = 0; hops < kMostHops; ++hops) {
    std::string location;
    HttpResult result = get_once(at, etag, last_modified, location);
    if (location.empty()) return result;
    at = location[0] == '/' ? at.substr(0, at.find('/', at.find("://") + 3)) + location : location;
  }
  HttpResult lost;
  lost.error = "is redirected again and again";
  return lost;
}

HttpResult HttpClient::get_once(const std::string& url, const std::string& etag,
                                const std::string& last_modified, std::string& location) const {
  HttpResult result;
  std::string server;
  std::string path;
  if (!split(url, server, path)) {
    result.error = "is no URL such as https://host/path";
    return result;
  }
  httplib::Client client(server);
  if (!client.is_valid()) {
    result.error = "is a URL of a kind that is not supported; http and https are";
    return result;
  }
  const std::chrono::milliseconds connect(options_.connect_timeout_ms);
  const std::chrono::milliseconds read(options_.read_timeout_ms);
  client.set_connection_timeout(connect);
  client.set_read_timeout(read);
  client.set_write_timeout(connect);
  httplib::Headers headers{{"Accept", "application/json"}, {"User-Agent", "rafale"}};
  if (!etag.empty()) headers.emplace("If-None-Match", etag);
  if (!last_modified.empty()) headers.emplace("If-Modified-Since", last_modified);

  bool too_long = false;
  const auto head = [&](const httplib::Response& response) {
    result.status = response.status;
    if (response.status > 300 && response.status < 400) {
      location = response.get_header_value("Location");
    }
    result.etag = response.get_header_value("ETag");
    result.last_modified = response.get_header_value("Last-Modified");
    result.retry_after_ms = seconds_as_ms(response.get_header_value("Retry-After"));
    // These have no body that matters, and the library would wait for one.
    return response.status != kNotModified && location.empty();
  };
  const auto answer = client.Get(path, headers, head, [&](const char* data, std::size_t size) {
    too_long = result.body.size() + size > options_.max_bytes;
    if (!too_long) result.body.append(data, size);
    return !too_long;
  });
  if (!answer && result.status != kNotModified && location.empty()) {
    result = {};
    result.error =
        too_long ? "the answer is longer than " + std::to_string(options_.max_bytes) + " bytes"
                 : "no answer: " + httplib::to_string(answer.error());
  }
  return result;
}

std::string without_secrets(std::string url) {
  constexpr std::array<std::string_view, 5> kSecret{"key", "token", "secret", "password", "auth"};
  std::size_t at = url.find('?');
  while (at != std::string::npos && at + 1 < url.size()) {
    const std::size_t next = std::min(url.find('&', at + 1), url.size());
    const std::size_t sign = url.find('=', at + 1);
    if (sign < next) {
      const std::string name = lower(url.substr(at + 1, sign - at - 1));
      const bool secret = std::ranges::any_of(
          kSecret, [&](std::string_view word) { return name.find(word) != std::string::npos; });
      if (secret) {
        url.replace(sign + 1, next - sign - 1, "***");
      }
    }
    at = url.find('&', at + 1);
  }
  // https://user:password@host/
  const std::size_t scheme = url.find("://");
  if (scheme != std::string::npos) {
    const std::size_t end = url.find_first_of("/?", scheme + 3);
    const std::size_t user = url.rfind('@', end == std::string::npos ? url.size() : end);
    if (user != std::string::npos && user > scheme)
      url.replace(scheme + 3, user - scheme - 3, "***");
  }
  return url;
}

}  // namespace rafale::connectors
