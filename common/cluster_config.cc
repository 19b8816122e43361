// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One table of keys, and the reading by it.

#include "common/cluster_config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "absl/strings/str_join.h"
#include "common/cluster_keys.h"
#include "common/yaml.h"

namespace rafale::common {
namespace {

using Milliseconds = ClusterConfig::Milliseconds;
constexpr const char* kSystemFile = "/etc/rafale/rafale.yaml";

/// Puts a value into its member; what is wrong with it, if anything.
using Setter = std::string (*)(ClusterConfig&, const YamlValue&);

struct Key {
  std::string_view name;
  Setter set;
};

std::string wants(std::string_view what) { return fmt::format("takes {}", what); }

template <auto Member>
std::string set_text(ClusterConfig& config, const YamlValue& value) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr || text->empty()) return wants("a text");
  config.*Member = *text;
  return {};
}

template <std::string Security::*Member>
std::string set_file(ClusterConfig& config, const YamlValue& value) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr || text->empty()) return wants("the name of a file");
  config.security.*Member = *text;
  return {};
}

std::string set_insecure(ClusterConfig& config, const YamlValue& value) {
  const bool* flag = std::get_if<bool>(&value.data);
  if (flag == nullptr) return wants("true or false");
  config.security.insecure = *flag;
  return {};
}

template <auto Member>
std::string set_flag(ClusterConfig& config, const YamlValue& value) {
  const bool* flag = std::get_if<bool>(&value.data);
  if (flag == nullptr) return wants("true or false");
  config.*Member = *flag;
  return {};
}

template <class T>
std::string to_number(const YamlValue& value, T least, T most, T& to) {
  const auto* number = std::get_if<std::int64_t>(&value.data);
  if (number == nullptr || *number < static_cast<std::int64_t>(least) ||
      *number > static_cast<std::int64_t>(most)) {
    return wants(fmt::format("a whole number from {} to {}", least, most));
  }
  to = static_cast<T>(*number);
  return {};
}

template <auto Member>
std::string set_port(ClusterConfig& config, const YamlValue& value) {
  return to_number<std::uint16_t>(value, 0, 65535, config.*Member);
}

template <auto Member>
std::string set_bytes(ClusterConfig& config, const YamlValue& value) {
  return to_number<std::int64_t>(value, 1 << 16, std::int64_t{1} << 40, config.*Member);
}

template <auto Member, int PerUnit>
std::string set_time(ClusterConfig& config, const YamlValue& value) {
  double number = -1;
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    number = static_cast<double>(*whole);
  } else if (const auto* part = std::get_if<double>(&value.data)) {
    number = *part;
  }
  constexpr double kMost = 7.0 * 86400 * 1000;
  if (!(number > 0) || number * PerUnit > kMost) {
    return wants(PerUnit == 1 ? "a time in milliseconds, more than 0"
                              : "a time in seconds, more than 0");
  }
  config.*Member =
      Milliseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(number * PerUnit)));
  return {};
}

template <auto Member>
std::string set_texts(ClusterConfig& config, const YamlValue& value) {
  std::vector<std::string> texts;
  if (const auto* one = std::get_if<std::string>(&value.data)) {
    texts.push_back(*one);
  } else if (const auto* list = std::get_if<YamlValue::Sequence>(&value.data)) {
    for (const YamlValue& element : *list) {
      const auto* text = std::get_if<std::string>(&element.data);
      if (text == nullptr) return wants("a list of texts");
      texts.push_back(*text);
    }
  }
  if (texts.empty()) return wants("a text or a list of texts, at least one");
  config.*Member = std::move(texts);
  return {};
}

std::string set_slots(ClusterConfig& config, const YamlValue& value) {
  const auto* list = std::get_if<YamlValue::Sequence>(&value.data);
  if (list == nullptr) return wants("a list of ports");
  std::vector<std::uint16_t> ports;
  ports.reserve(list->size());
  for (const YamlValue& element : *list) {
    std::uint16_t port = 0;
    if (!to_number<std::uint16_t>(element, 1, 65535, port).empty()) return wants("a list of ports");
    if (std::ranges::find(ports, port) != ports.end()) {
      return fmt::format("names port {} twice", port);
    }
    ports.push_back(port);
  }
  config.slot_ports = std::move(ports);
  return {};
}

using C = ClusterConfig;
constexpr std::array kKeys{
    Key{"storm.zookeeper.servers", set_texts<&C::zookeeper_servers>},
    Key{"storm.zookeeper.port", set_port<&C::zookeeper_port>},
    Key{"storm.zookeeper.root", set_text<&C::zookeeper_root>},
    Key{"storm.zookeeper.session.timeout", set_time<&C::zookeeper_session, 1>},
    Key{"zookeeper.insecure", set_flag<&C::zookeeper_insecure>},
    Key{"storm.local.dir", set_text<&C::local_dir>},
    Key{"storm.log.dir", set_text<&C::log_dir>},
    Key{"storm.local.hostname", set_text<&C::host>},
    Key{"rafale.bind", set_text<&C::bind>},
    Key{"nimbus.seeds", set_texts<&C::nimbus_seeds>},
    Key{"nimbus.thrift.port", set_port<&C::nimbus_port>},
    Key{"nimbus.http.port", set_port<&C::nimbus_http_port>},
    Key{"nimbus.supervisor.timeout.secs", set_time<&C::supervisor_timeout, 1000>},
    Key{"nimbus.task.timeout.secs", set_time<&C::worker_timeout, 1000>},
    Key{"nimbus.task.launch.secs", set_time<&C::worker_launch_timeout, 1000>},
    Key{"nimbus.orphan.worker.secs", set_time<&C::orphan_grace, 1000>},
    Key{"nimbus.plugin.max.bytes", set_bytes<&C::max_plugin_bytes>},
    Key{"supervisor.slots.ports", set_slots},
    Key{"supervisor.thrift.port", set_port<&C::supervisor_port>},
    Key{"supervisor.http.port", set_port<&C::supervisor_http_port>},
    Key{"supervisor.worker.start.timeout.secs", set_time<&C::worker_start_timeout, 1000>},
    Key{"supervisor.worker.shutdown.sleep.secs", set_time<&C::worker_shutdown, 1000>},
    Key{"supervisor.worker.log.max.bytes", set_bytes<&C::log_max_bytes>},
    Key{"rafale.tls.ca", set_file<&Security::ca_file>},
    Key{"rafale.tls.cert", set_file<&Security::cert_file>},
    Key{"rafale.tls.key", set_file<&Security::key_file>},
    Key{"insecure", set_insecure},
};

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string unknown_key(const std::string& key) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(key.size() / 3, 2) + 1;
  for (const Key& known : kKeys) {
    const std::size_t d = distance(key, known.name);
    if (d < least) {
      least = d;
      best = known.name;
    }
  }
  return fmt::format("unknown key \"{}\"{}", key,
                     best.empty() ? "" : fmt::format("; did you mean \"{}\"?", best));
}

std::string apply(ClusterConfig& config, const std::string& key, const YamlValue& value) {
  const auto found = std::ranges::find(kKeys, key, &Key::name);
  if (found == kKeys.end()) return unknown_key(key);
  if (std::holds_alternative<std::monostate>(value.data)) return {};  // null: not set
  const std::string mistake = found->set(config, value);
  return mistake.empty() ? "" : key + " " + mistake;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data()
                                                                           : "localhost";
}

std::string file_to_read(const std::string& file) {
  if (!file.empty()) return file;
  const char* named = std::getenv("RAFALE_CONFIG");
  if (named != nullptr && *named != '\0') return named;
  std::error_code error;
  return std::filesystem::exists(kSystemFile, error) ? kSystemFile : "";
}

void read_file(const std::string& file, ClusterConfig& config, std::vector<std::string>& mistakes) {
  const auto settings = read_yaml_settings(file);
  if (!settings.ok()) {
    mistakes.emplace_back(settings.status().message());
    return;
  }
  for (const YamlSetting& setting : *settings) {
    if (!is_cluster_key(setting.key)) continue;
    const std::string mistake = apply(config, setting.key, setting.value);
    if (!mistake.empty()) {
      mistakes.push_back(fmt::format("{}:{}:{}: {}", file, setting.line, setting.column, mistake));
    }
  }
}

void read_override(const std::string& text, ClusterConfig& config,
                   std::vector<std::string>& mistakes) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    mistakes.push_back(fmt::format("-c takes KEY=VALUE, not '{}'", text));
    return;
  }
  // As a line of a file, so that lists work too.
  const std::string key = text.substr(0, equals);
  const auto settings =
      parse_yaml_settings(fmt::format("{}: {}\n", key, text.substr(equals + 1)), "-c " + key);
  if (!settings.ok()) {
    mistakes.emplace_back(settings.status().message());
    return;
  }
  for (const YamlSetting& setting : *settings) {
    const std::string mistake = apply(config, setting.key, setting.value);
    if (!mistake.empty()) mistakes.push_back("-c: " + mistake);
  }
}

std::string check_security(const Security& security) {
  const bool any =
      !security.ca_file.empty() || !security.cert_file.empty() || !security.key_file.empty();
  const bool all =
      !security.ca_file.empty() && !security.cert_file.empty() && !security.key_file.empty();
  if (any && !all) return "rafale.tls.ca, rafale.tls.cert and rafale.tls.key go together";
  if (!any) return {};
  for (const auto& [key, file] : {std::pair("rafale.tls.ca", &security.ca_file),
                                  std::pair("rafale.tls.cert", &security.cert_file),
                                  std::pair("rafale.tls.key", &security.key_file)}) {
    std::ifstream in(*file);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (text.empty()) return fmt::format("{}: cannot read {}", key, *file);
    if (text.find("-----BEGIN ") == std::string::npos) {
      return fmt::format("{}: {} has nothing in PEM form; rafale certs makes such files", key,
                         *file);
    }
  }
  return {};
}

}  // namespace

absl::StatusOr<ClusterConfig> ClusterConfig::load(const std::string& file,
                                                  const std::vector<std::string>& overrides) {
  ClusterConfig config;
  std::vector<std::string> mistakes;
  const std::string read = file_to_read(file);
  if (!read.empty()) read_file(read, config, mistakes);
  for (const std::string& text : overrides) read_override(text, config, mistakes);
  const std::string security = check_security(config.security);
  if (!security.empty()) mistakes.push_back(security);
  if (!mistakes.empty()) return absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
  if (config.host.empty()) config.host = host_name();
  if (config.log_dir.empty()) config.log_dir = config.local_dir + "/logs";
  return config;
}

std::vector<std::string> ClusterConfig::nimbus_addresses() const {
  std::vector<std::string> addresses;
  addresses.reserve(nimbus_seeds.size());
  for (const std::string& seed : nimbus_seeds) {
    // An IPv6 address stands in brackets: "[::1]" or "[::1]:6627".
    const std::size_t colon = seed.find(':', seed.starts_with('[') ? seed.find(']') : 0);
    addresses.push_back(colon == std::string::npos ? fmt::format("{}:{}", seed, nimbus_port)
                                                   : seed);
  }
  return addresses;
}

std::string ClusterConfig::zookeeper_connect() const {
  std::string text;
  for (const std::string& server : zookeeper_servers) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", server, zookeeper_port);
  }
  return text;
}

}  // namespace rafale::common
