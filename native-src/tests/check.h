// The few macros the native tests are written with: no framework to install for `mvn verify`.
//
//   TEST(adds_numbers) { CHECK_EQ(1 + 1, 2); }
//   QWQ_TEST_MAIN
//
// A failed check ends its test, prints file, line and values, and makes the program exit with 1. A
// program argument runs only the tests whose names contain it.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace qwq::test {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Case {
  const char* name;
  void (*body)();
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

struct Registration {
  Registration(const char* name, void (*body)()) { cases().push_back({name, body}); }
};

template <typename... Parts>
[[noreturn]] void fail(const char* file, int line, const Parts&... parts) {
  std::ostringstream message;
  message.precision(9);
  message << file << ":" << line << ": ";
  (message << ... << parts);
  throw Failure(message.str());
}

inline int run(int argc, char** argv) {
  int passed = 0;
  int failed = 0;
  for (const Case& test : cases()) {
    if (argc > 1 && std::strstr(test.name, argv[1]) == nullptr) continue;
    try {
      test.body();
      ++passed;
    } catch (const std::exception& e) {
      ++failed;
      std::printf("FAILED %s\n  %s\n", test.name, e.what());
    }
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace qwq::test

#define TEST(name)                                                          \
  static void name();                                                       \
  static const ::qwq::test::Registration registration_##name(#name, &name); \
  static void name()

#define CHECK(condition)                                                              \
  do {                                                                                \
    if (!(condition)) ::qwq::test::fail(__FILE__, __LINE__, "not true: " #condition); \
  } while (false)

#define CHECK_EQ(actual, expected)                                                                 \
  do {                                                                                             \
    const auto actual_ = (actual);                                                                 \
    const auto expected_ = (expected);                                                             \
    if (!(actual_ == expected_))                                                                   \
      ::qwq::test::fail(__FILE__, __LINE__, #actual " is ", actual_, ", expected ", expected_);    \
  } while (false)

// |actual - expected| <= tolerance; a NaN fails. The tolerance's derivation stands beside the call.
#define CHECK_NEAR(actual, expected, tolerance)                                                    \
  do {                                                                                             \
    const double actual_ = (actual);                                                               \
    const double expected_ = (expected);                                                           \
    const double tolerance_ = (tolerance);                                                         \
    if (!(std::fabs(actual_ - expected_) <= tolerance_))                                           \
      ::qwq::test::fail(__FILE__, __LINE__, #actual " is ", actual_, ", expected ", expected_,     \
                        " within ", tolerance_);                                                   \
  } while (false)

#define QWQ_TEST_MAIN \
  int main(int argc, char** argv) { return ::qwq::test::run(argc, argv); }
