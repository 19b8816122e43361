// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The fluent way to say what a topology consists of.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "rafale/export.h"
#include "rafale/topology.h"

namespace rafale {

/// Thrown by TopologyBuilder::build(): what() has one line for each mistake.
class RAFALE_API InvalidTopology : public std::invalid_argument {
 public:
  explicit InvalidTopology(std::vector<std::string> mistakes);
  /// Each names component, stream and a hint.
  const std::vector<std::string>& mistakes() const { return mistakes_; }

 private:
  std::vector<std::string> mistakes_;
};

/// What spouts and bolts have in common. Returned by reference from TopologyBuilder and valid as
/// long as it. Nothing here throws: build() reports all mistakes together.
template <class Self>
class ComponentDeclarer {
 public:
  explicit ComponentDeclarer(ComponentDef& def) : def_(&def) {}

  /// Declares the default stream.
  Self& output(Schema schema) { return output("default", std::move(schema)); }
  Self& output(std::string stream, Schema schema) {
    return add({std::move(stream), std::move(schema), false});
  }
  /// Declares a stream that is emitted with emit_direct() only.
  Self& direct_output(std::string stream, Schema schema) {
    return add({std::move(stream), std::move(schema), true});
  }
  /// Executors (units that run at the same time), and as many tasks unless tasks() says otherwise.
  Self& parallelism(std::uint32_t executors) {
    def_->executors = executors;
    return self();
  }
  /// Instances of the component, at least one per executor.
  Self& tasks(std::uint32_t count) {
    def_->tasks = count;
    return self();
  }
  /// Gives each executor a thread of its own, as next_tuple() or execute() may wait.
  Self& blocking(bool on = true) {
    def_->blocking = on;
    return self();
  }
  /// false: never runs inside its producer's thread turn, so that the two share the load of two
  /// cores. For components that are heavy themselves.
  Self& fuse(bool on) {
    def_->fuse = on;
    return self();
  }
  /// A setting for this component alone.
  Self& config(std::string key, Value value) {
    def_->config.set(std::move(key), std::move(value));
    return self();
  }

 protected:
  Self& self() { return static_cast<Self&>(*this); }
  Self& add(StreamDef stream) {
    def_->streams.push_back(std::move(stream));
    return self();
  }
  ComponentDef* def_;
};

class SpoutDeclarer : public ComponentDeclarer<SpoutDeclarer> {
 public:
  using ComponentDeclarer::ComponentDeclarer;
  /// Most open messages per task; replaces topology.max.spout.pending.
  SpoutDeclarer& max_pending(std::int64_t messages) {
    return config("topology.max.spout.pending", Value(messages));
  }
};

class RAFALE_API BoltDeclarer : public ComponentDeclarer<BoltDeclarer> {
 public:
  using ComponentDeclarer::ComponentDeclarer;
  // Each subscribes to a stream of another component; see Grouping::Kind for what they mean.
  BoltDeclarer& shuffle(std::string component, std::string stream = "default");
  BoltDeclarer& local_or_shuffle(std::string component, std::string stream = "default");
  BoltDeclarer& fields(std::string component, std::vector<std::string> fields,
                       std::string stream = "default");
  BoltDeclarer& all(std::string component, std::string stream = "default");
  BoltDeclarer& global(std::string component, std::string stream = "default");
  BoltDeclarer& direct(std::string component, std::string stream = "default");
  /// Delivers a tick tuple to each task at this interval.
  BoltDeclarer& tick(std::chrono::milliseconds interval) {
    return config("topology.tick.tuple.freq.ms", Value(std::int64_t{interval.count()}));
  }

 private:
  BoltDeclarer& subscribe(std::string component, std::string stream, Grouping grouping);
};

/// Collects spouts, bolts and settings and checks them as a whole. Used on one thread.
///
///   builder.spout("lines", [] { return std::make_unique<LineSpout>(); })
///       .output({{"line", FieldType::string}});
///   builder.bolt("count", [] { return std::make_unique<CountBolt>(); })
///       .fields("lines", {"line"}).parallelism(2);
class RAFALE_API TopologyBuilder {
 public:
  /// `name` is the topology's unless submitted under another; `given` are the settings that the
  /// user passed, which win over config().
  explicit TopologyBuilder(std::string name, Config given = {});
  ~TopologyBuilder();
  TopologyBuilder(const TopologyBuilder&) = delete;
  TopologyBuilder& operator=(const TopologyBuilder&) = delete;

  void name(std::string name) { name_ = std::move(name); }
  /// The settings that the user passed.
  const Config& given() const { return given_; }

  /// Adds a spout; `make` is called once per task and returns std::unique_ptr of a Spout.
  template <class F>
  SpoutDeclarer& spout(std::string name, F make) {
    return add_spout(std::move(name), SpoutFactory([make = std::move(make)]() mutable {
                       return std::unique_ptr<Spout>(make());
                     }));
  }
  /// Adds a bolt: either a factory of Bolt or BasicBolt objects, called once per task, or a
  /// function `void(const Tuple&, BasicCollector&)`, copied for each task.
  template <class F>
  BoltDeclarer& bolt(std::string name, F make) {
    if constexpr (std::is_invocable_v<F&, const Tuple&, BasicCollector&>) {
      return add_bolt(std::move(name), BasicBoltFactory([make = std::move(make)] {
                        return std::make_unique<detail::LambdaBolt<F>>(make);
                      }));
    } else if constexpr (std::is_convertible_v<std::invoke_result_t<F&>, std::unique_ptr<Bolt>>) {
      return add_bolt(std::move(name), BoltFactory([make = std::move(make)]() mutable {
                        return std::unique_ptr<Bolt>(make());
                      }));
    } else {
      return add_bolt(std::move(name), BasicBoltFactory([make = std::move(make)]() mutable {
                        return std::unique_ptr<BasicBolt>(make());
                      }));
    }
  }

  /// Sets a default for the whole topology; what the user passed wins.
  void config(std::string key, Value value) { defaults_.set(std::move(key), std::move(value)); }

  /// Declares a setting of this topology and returns its value: what the user passed, or
  /// `fallback`. A value of another type is one of build()'s mistakes and reads as `fallback`. T is
  /// bool, std::int64_t, double or std::string. A key that is neither declared so nor known to the
  /// runtime is a mistake, reported with the nearest valid key.
  template <class T>
  T option(std::string key, T fallback, std::string help) {
    declare({key, Value(fallback), std::move(help)});
    try {
      return given_.get<T>(key, fallback);
    } catch (const std::invalid_argument& e) {
      mistake(e.what());
      return fallback;
    }
  }
  std::string option(std::string key, const char* fallback, std::string help) {
    return option<std::string>(std::move(key), std::string(fallback), std::move(help));
  }
  std::int64_t option(std::string key, int fallback, std::string help) {
    return option<std::int64_t>(std::move(key), std::int64_t{fallback}, std::move(help));
  }

  /// Sends dead letters to a place of the topology's own instead of a file; `make` is called once
  /// in each process, and what it throws stops the topology. `place` says to people where they are.
  void dead_letters(std::string place, DeadLetterSinkFactory make) {
    dead_letters_ = {std::move(place), std::move(make)};
  }

  /// Adds a mistake found by the topology itself, such as two settings that contradict each other.
  void mistake(std::string text) { mistakes_.push_back(std::move(text)); }

  /// The finished topology. Throws InvalidTopology with every mistake found. Call once.
  Topology build();

 private:
  void declare(OptionDef option);
  SpoutDeclarer& add_spout(std::string name, SpoutFactory make);
  BoltDeclarer& add_bolt(std::string name,
                         std::variant<SpoutFactory, BoltFactory, BasicBoltFactory> make);
  ComponentDef& add_component(std::string name);

  std::string name_;
  Config given_;
  Config defaults_;
  std::vector<OptionDef> options_;
  DeadLetterDef dead_letters_;
  std::vector<std::string> mistakes_;
  std::deque<ComponentDef> components_;
  std::deque<SpoutDeclarer> spouts_;
  std::deque<BoltDeclarer> bolts_;
};

}  // namespace rafale
