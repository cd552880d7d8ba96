// Runs the registered tests. An argument keeps those whose name contains it.

#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "check.h"

namespace {

// Runs one test and says whether it passed.
bool run(const check::TestCase& test) {
  const int failures_before = check::failures();
  try {
    test.body();
  } catch (const std::exception& error) {
    check::report(test.file, test.line, std::string("uncaught exception: ") + error.what());
  } catch (...) {
    check::report(test.file, test.line, "uncaught exception");
  }
  return check::failures() == failures_before;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view filter = argc > 1 ? argv[1] : "";
  int passed = 0;
  int failed = 0;
  for (const check::TestCase& test : check::registry()) {
    if (test.name.find(filter) == std::string_view::npos) {
      continue;
    }
    if (run(test)) {
      ++passed;
    } else {
      ++failed;
      std::cerr << "FAILED " << test.name << "\n";
    }
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed == 0 && passed > 0 ? 0 : 1;
}
