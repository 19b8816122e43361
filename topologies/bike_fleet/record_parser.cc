// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The one user of simdjson. Its document interface, not the on-demand one: that one does not look
// at what is skipped, so that broken JSON could pass, and on these short records it is no faster.
#include "topologies/bike_fleet/record_parser.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "topologies/bike_fleet/json_cursor.h"
#include "topologies/bike_fleet/timestamps.h"

namespace rafale::bikes {

namespace dom = simdjson::dom;

namespace {

/// The fields that matter in one of the formats.
enum FieldId : std::uint8_t {
  kNumber,
  kContractName,
  kContractNameV3,
  kStationId,
  kAvailableBikes,
  kTotalStands,
  kNumBikes,
  kNumVehicles,
  kLastUpdate,
  kLastUpdateV3,
  kLastReported,
  kAddress,
  kAvailableStands,
  kNumDocks,
  kFields,
  kNoField = kFields,
};

constexpr std::array<std::string_view, kFields> kNames = {"number",
                                                          "contract_name",
                                                          "contractName",
                                                          "station_id",
                                                          "available_bikes",
                                                          "totalStands",
                                                          "num_bikes_available",
                                                          "num_vehicles_available",
                                                          "last_update",
                                                          "lastUpdate",
                                                          "last_reported",
                                                          "address",
                                                          "available_bike_stands",
                                                          "num_docks_available"};

FieldId is(std::string_view name, FieldId field) {
  return name == kNames[field] ? field : kNoField;
}

FieldId field_of(std::string_view name) {
  switch (name.size()) {
    case 6:
      return is(name, kNumber);
    case 7:
      return is(name, kAddress);
    case 10:
      return name[0] == 'l' ? is(name, kLastUpdateV3) : is(name, kStationId);
    case 11:
      return name[0] == 'l' ? is(name, kLastUpdate) : is(name, kTotalStands);
    case 12:
      return is(name, kContractNameV3);
    case 13:
      return name[0] == 'c' ? is(name, kContractName) : is(name, kLastReported);
    case 15:
      return is(name, kAvailableBikes);
    case 19:
      return name[4] == 'b' ? is(name, kNumBikes) : is(name, kNumDocks);
    case 21:
      return is(name, kAvailableStands);
    case 22:
      return is(name, kNumVehicles);
    default:
      return kNoField;
  }
}

std::string_view type_name(dom::element_type type) {
  switch (type) {
    case dom::element_type::ARRAY:
      return "an array";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
      return "a whole number";
    case dom::element_type::DOUBLE:
      return "a fraction";
    case dom::element_type::STRING:
      return "a string";
    case dom::element_type::BOOL:
      return "true or false";
    case dom::element_type::NULL_VALUE:
      return "null";
  }
  return "of an unknown type";
}

}  // namespace

class RecordParser::Impl {
 public:
  Impl(Format format, std::string contract)
      : format_(format), gbfs_contract_(std::move(contract)) {}

  bool parse(std::string_view record, StationRecord& out);
  const std::string& reason() const { return reason_; }
  std::optional<std::int64_t> stands() const;

 private:
  bool refuse(std::string text) {
    reason_ = std::move(text);
    return false;
  }
  bool refuse_type(std::string_view name, dom::element value, std::string_view wanted) {
    return refuse(std::string(name) + " is " + std::string(type_name(value.type())) + ", not " +
                  std::string(wanted));
  }
  simdjson::error_code load(std::string_view text, dom::element& document);
  bool explain(std::string_view record, simdjson::error_code error);
  void collect(dom::object object);
  Format format_of_record() const;
  bool require(FieldId field);
  bool interpret(StationRecord& out);
  bool read_gbfs(StationRecord& out);
  bool read_number(FieldId field, std::string_view& number);
  bool read_contract(FieldId field, std::string_view& contract);
  bool read_count(std::string_view name, dom::element value, std::int64_t& bikes);
  bool read_total_stands(std::int64_t& bikes);
  bool read_moment(FieldId field, std::int64_t unit_ms, bool text, std::optional<std::int64_t>& at);

  Format format_;
  std::string gbfs_contract_;
  dom::parser parser_;
  std::vector<char> padded_;
  std::string reason_;
  std::array<dom::element, kFields> values_;
  std::uint32_t present_ = 0;  // bit set of FieldId
  std::uint32_t twice_ = 0;
  FieldId first_contract_ = kNoField;
  char number_text_[24];
};

/// Copies the text to where simdjson may read beyond its end, and parses it there.
simdjson::error_code RecordParser::Impl::load(std::string_view text, dom::element& document) {
  if (padded_.size() < text.size() + simdjson::SIMDJSON_PADDING) {
    padded_.resize(text.size() * 2 + simdjson::SIMDJSON_PADDING);
  }
  std::memcpy(padded_.data(), text.data(), text.size());
  return parser_.parse(padded_.data(), text.size(), false).get(document);
}

/// Why a text is no JSON. Looks for the field that is to blame by parsing each value alone.
bool RecordParser::Impl::explain(std::string_view record, simdjson::error_code error) {
  if (error == simdjson::EMPTY) {
    return refuse("the line is empty");
  }
  const std::string broken = std::string("broken JSON: ") + simdjson::error_message(error);
  JsonCursor cursor(record);
  if (!cursor.expect('{')) {
    return refuse(broken);
  }
  do {
    std::string_view name;
    bool escaped = false;
    if (!cursor.string(name, escaped) || !cursor.expect(':')) {
      break;
    }
    cursor.peek();
    const char* const begin = cursor.position();
    if (!cursor.skip_value()) {
      break;
    }
    const std::string_view value(begin, static_cast<std::size_t>(cursor.position() - begin));
    dom::element ignored;
    const simdjson::error_code value_error = load(value, ignored);
    if (value_error == simdjson::NUMBER_ERROR &&
        value.find_first_not_of("-0123456789") == std::string_view::npos && value.size() > 18) {
      return refuse(std::string(name) + " is a number out of range");
    }
    if (value_error != simdjson::SUCCESS) {
      return refuse("broken JSON in the field " + std::string(name) + ": " +
                    simdjson::error_message(value_error));
    }
  } while (cursor.expect(','));
  return refuse(broken);
}

void RecordParser::Impl::collect(dom::object object) {
  present_ = twice_ = 0;
  first_contract_ = kNoField;
  for (const dom::key_value_pair pair : object) {
    const FieldId field = field_of(pair.key);
    if (field == kNoField) {
      continue;
    }
    const std::uint32_t bit = 1U << field;
    twice_ |= present_ & bit;
    present_ |= bit;
    values_[field] = pair.value;
    if ((field == kContractName || field == kContractNameV3) && first_contract_ == kNoField) {
      first_contract_ = field;
    }
  }
}

/// The same decision as KeyScanner makes.
Format RecordParser::Impl::format_of_record() const {
  if (format_ != Format::automatic) {
    return format_;
  }
  if (first_contract_ == kContractName) {
    return Format::jcdecaux_v1;
  }
  if (first_contract_ == kContractNameV3) {
    return Format::jcdecaux_v3;
  }
  return (present_ >> kStationId & 1) != 0 ? Format::gbfs : Format::automatic;
}

/// The field is there, once.
bool RecordParser::Impl::require(FieldId field) {
  if ((present_ >> field & 1) == 0) {
    return refuse(std::string(kNames[field]) + " is missing");
  }
  if ((twice_ >> field & 1) != 0) {
    return refuse(std::string(kNames[field]) + " is there twice");
  }
  return true;
}

bool RecordParser::Impl::read_number(FieldId field, std::string_view& number) {
  if (!require(field)) {
    return false;
  }
  const dom::element value = values_[field];
  if (value.is_string()) {
    number = value.get_string().value_unsafe();
    return !number.empty() || refuse(std::string(kNames[field]) + " is empty");
  }
  if (!value.is_uint64()) {
    return value.is_int64() ? refuse(std::string(kNames[field]) + " is negative")
                            : refuse_type(kNames[field], value, "a whole number or a string");
  }
  char* const end = std::to_chars(number_text_, number_text_ + sizeof number_text_,
                                  value.get_uint64().value_unsafe())
                        .ptr;
  number = {number_text_, static_cast<std::size_t>(end - number_text_)};
  return true;
}

bool RecordParser::Impl::read_contract(FieldId field, std::string_view& contract) {
  if (!require(field)) {
    return false;
  }
  if (!values_[field].is_string()) {
    return refuse_type(kNames[field], values_[field], "a string");
  }
  contract = values_[field].get_string().value_unsafe();
  return !contract.empty() || refuse(std::string(kNames[field]) + " is empty");
}

bool RecordParser::Impl::read_count(std::string_view name, dom::element value,
                                    std::int64_t& bikes) {
  std::int64_t count = 0;
  switch (value.type()) {
    case dom::element_type::INT64:
      count = value.get_int64().value_unsafe();
      break;
    case dom::element_type::UINT64:
      count = kMaxBikes + 1;
      break;
    default:
      return refuse_type(name, value, "a whole number");
  }
  if (count < 0 || count > kMaxBikes) {
    return refuse(std::string(name) + " is out of range: it must be 0 to " +
                  std::to_string(kMaxBikes));
  }
  bikes = count;
  return true;
}

bool RecordParser::Impl::read_total_stands(std::int64_t& bikes) {
  constexpr std::string_view kPath[] = {"totalStands", "totalStands.availabilities",
                                        "totalStands.availabilities.bikes"};
  if (!require(kTotalStands)) {
    return false;
  }
  dom::element value = values_[kTotalStands];
  for (std::size_t depth = 1; depth < std::size(kPath); ++depth) {
    if (!value.is_object()) {
      return refuse_type(kPath[depth - 1], value, "an object");
    }
    const std::string_view wanted = kPath[depth].substr(kPath[depth - 1].size() + 1);
    int found = 0;
    dom::element inner;
    const dom::object object = value.get_object().value_unsafe();
    for (const dom::key_value_pair pair : object) {
      if (pair.key == wanted) {
        inner = pair.value;
        ++found;
      }
    }
    if (found != 1) {
      return refuse(std::string(kPath[depth]) + (found == 0 ? " is missing" : " is there twice"));
    }
    value = inner;
  }
  return read_count(kPath[2], value, bikes);
}

/// `unit_ms` is that of a number, 0 if it must not be one; `text` says that it may be a string.
bool RecordParser::Impl::read_moment(FieldId field, std::int64_t unit_ms, bool text,
                                     std::optional<std::int64_t>& at) {
  at.reset();
  if ((present_ >> field & 1) == 0) {
    return true;
  }
  if (!require(field)) {
    return false;
  }
  const dom::element value = values_[field];
  const std::string name(kNames[field]);
  if (value.is_null()) {
    return true;
  }
  if (text && value.is_string()) {
    at = parse_rfc3339(value.get_string().value_unsafe());
    return (at && *at >= 0) || refuse(name + " is no moment such as 2025-02-08T16:44:06Z");
  }
  if (unit_ms == 0) {
    return refuse_type(name, value, "a string");
  }
  if (!value.is_int64() && !value.is_uint64()) {
    return refuse_type(name, value, text ? "a whole number or a string" : "a whole number");
  }
  const auto number = value.get_int64();
  if (number.error() != simdjson::SUCCESS || number.value_unsafe() < 0 ||
      number.value_unsafe() > kMaxMoment / unit_ms) {
    return refuse(name + " is out of range");
  }
  at = number.value_unsafe() * unit_ms;
  return true;
}

bool RecordParser::Impl::read_gbfs(StationRecord& out) {
  if (gbfs_contract_.empty()) {
    return refuse("station_id is that of a GBFS record, which needs the setting bikes.contract");
  }
  out.key.contract = gbfs_contract_;
  // GBFS 3 counts vehicles; some feeds give both for a while.
  const FieldId count = (present_ >> kNumBikes & 1) == 0 && (present_ >> kNumVehicles & 1) != 0
                            ? kNumVehicles
                            : kNumBikes;
  return read_number(kStationId, out.key.number) && require(count) &&
         read_count(kNames[count], values_[count], out.bikes) &&
         read_moment(kLastReported, 1000, true, out.at);
}

bool RecordParser::Impl::interpret(StationRecord& out) {
  switch (format_of_record()) {
    case Format::jcdecaux_v1:
      return read_contract(kContractName, out.key.contract) &&
             read_number(kNumber, out.key.number) && require(kAvailableBikes) &&
             read_count(kNames[kAvailableBikes], values_[kAvailableBikes], out.bikes) &&
             read_moment(kLastUpdate, 1, false, out.at);
    case Format::jcdecaux_v3:
      return read_contract(kContractNameV3, out.key.contract) &&
             read_number(kNumber, out.key.number) && read_total_stands(out.bikes) &&
             read_moment(kLastUpdateV3, 0, true, out.at);
    case Format::gbfs:
      return read_gbfs(out);
    case Format::automatic:
      break;
  }
  return refuse("the object has none of contract_name, contractName and station_id");
}

bool RecordParser::Impl::parse(std::string_view record, StationRecord& out) {
  dom::element document;
  if (const simdjson::error_code error = load(record, document)) {
    return explain(record, error);
  }
  if (!document.is_object()) {
    return refuse("the record is " + std::string(type_name(document.type())) + ", not an object");
  }
  collect(document.get_object().value_unsafe());
  const bool said = (present_ >> kAddress & 1) != 0 && values_[kAddress].is_string();
  out.address = said ? values_[kAddress].get_string().value_unsafe() : std::string_view();
  return interpret(out);
}

std::optional<std::int64_t> RecordParser::Impl::stands() const {
  const auto once = [this](FieldId field) {
    return (present_ >> field & 1) != 0 && (twice_ >> field & 1) == 0;
  };
  const Format format = format_of_record();
  std::int64_t count = -1;
  auto error = simdjson::NO_SUCH_FIELD;
  if (format == Format::jcdecaux_v3 && once(kTotalStands)) {
    error = values_[kTotalStands]["availabilities"]["stands"].get(count);
  } else if (format == Format::jcdecaux_v1 && once(kAvailableStands)) {
    error = values_[kAvailableStands].get(count);
  } else if (format == Format::gbfs && once(kNumDocks)) {
    error = values_[kNumDocks].get(count);
  }
  if (error != simdjson::SUCCESS || count < 0 || count > kMaxBikes) return std::nullopt;
  return count;
}

RecordParser::RecordParser(Format format, std::string contract)
    : impl_(std::make_unique<Impl>(format, std::move(contract))) {}
RecordParser::~RecordParser() = default;

bool RecordParser::parse(std::string_view record, StationRecord& out) {
  return impl_->parse(record, out);
}
const std::string& RecordParser::reason() const { return impl_->reason(); }
std::optional<std::int64_t> RecordParser::stands() const { return impl_->stands(); }

}  // namespace rafale::bikes
