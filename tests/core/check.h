// A minimal test harness for the C++ core.
//
//   TEST(adds_numbers) {
//     CHECK(sum > 0);
//     CHECK_EQ(add(1, 2), 3);
//     CHECK_THROWS(add(1, -1), std::invalid_argument);
//   }
//
// A failed check is reported with its place and the test goes on; an exception that leaves the test
// ends it as failed. main.cpp runs every test of the files linked with it.

#pragma once

#include <concepts>
#include <exception>
#include <iostream>
#include <ranges>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace check {

struct TestCase {
  std::string_view name;
  std::string_view file;
  int line;
  void (*body)();
};

// All tests, in the order in which their files register them.
inline std::vector<TestCase>& registry() {
  static std::vector<TestCase> tests;
  return tests;
}

// The number of failed checks so far.
inline int& failures() {
  static int count = 0;
  return count;
}

inline bool add_test(const TestCase& test) {
  registry().push_back(test);
  return true;
}

inline void report(std::string_view file, int line, std::string_view message) {
  ++failures();
  std::cerr << file << ":" << line << ": " << message << "\n";
}

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

template <typename T>
concept PairLike = requires(const T& value) {
  value.first;
  value.second;
};

template <typename T>
concept OptionalLike = requires(const T& value) {
  { value.has_value() } -> std::same_as<bool>;
  *value;
};

// Integers that std::cmp_equal takes: all but bool and the character types.
template <typename T>
concept Number = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                 !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                 !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

template <typename T>
void print(std::ostream& out, const T& value) {
  if constexpr (std::same_as<T, bool>) {
    out << (value ? "true" : "false");
  } else if constexpr (Number<T>) {
    out << +value;  // an int8_t as a number
  } else if constexpr (std::is_enum_v<T>) {
    out << +static_cast<std::underlying_type_t<T>>(value);
  } else if constexpr (Printable<T>) {
    out << value;
  } else if constexpr (PairLike<T>) {
    out << "(";
    print(out, value.first);
    out << ", ";
    print(out, value.second);
    out << ")";
  } else if constexpr (OptionalLike<T>) {
    if (value.has_value()) {
      print(out, *value);
    } else {
      out << "nullopt";
    }
  } else if constexpr (std::ranges::input_range<const T>) {
    std::string_view separator;
    out << "[";
    for (const auto& item : value) {
      out << std::exchange(separator, ", ");
      print(out, item);
    }
    out << "]";
  } else {
    out << "<unprintable>";
  }
}

template <typename A, typename B>
bool equal(const A& a, const B& b) {
  if constexpr (Number<A> && Number<B>) {
    return std::cmp_equal(a, b);  // compares an int with a size_t by value
  } else {
    return a == b;
  }
}

template <typename A, typename B>
void check_equal(const A& a, const B& b, std::string_view text, std::string_view file, int line) {
  if (equal(a, b)) {
    return;
  }
  std::ostringstream message;
  message.precision(17);
  message << "CHECK_EQ(" << text << "): ";
  print(message, a);
  message << " != ";
  print(message, b);
  report(file, line, message.str());
}

template <typename Exception, typename Function>
void check_throws(Function&& function, std::string_view text, std::string_view file, int line) {
  std::string outcome = "nothing was thrown";
  try {
    std::forward<Function>(function)();
  } catch (const Exception&) {
    return;
  } catch (const std::exception& error) {
    outcome = std::string("another exception was thrown: ") + error.what();
  } catch (...) {
    outcome = "another exception was thrown";
  }
  report(file, line, "CHECK_THROWS(" + std::string(text) + "): " + outcome);
}

}  // namespace check

#define TEST(name)                                                 \
  static void test_##name();                                       \
  [[maybe_unused]] static const bool registered_##name =           \
      ::check::add_test({#name, __FILE__, __LINE__, test_##name}); \
  static void test_##name()

#define CHECK(...)                                                           \
  do {                                                                       \
    if (!(__VA_ARGS__)) {                                                    \
      ::check::report(__FILE__, __LINE__, "CHECK(" #__VA_ARGS__ ") failed"); \
    }                                                                        \
  } while (false)

#define CHECK_EQ(a, b) ::check::check_equal((a), (b), #a ", " #b, __FILE__, __LINE__)

#define CHECK_THROWS(expr, type)                                                            \
  ::check::check_throws<type>([&] { static_cast<void>(expr); }, #expr ", " #type, __FILE__, \
                              __LINE__)
