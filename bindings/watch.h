// Calls back into Python from a run that goes on without the GIL.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>

namespace energysim::bindings {

using ReportProgress = std::function<void(std::int64_t)>;

// An exception in the callback, Ctrl-C included, stops the run and is raised again when the GIL is
// back.
class Watch {
 public:
  explicit Watch(const std::optional<ReportProgress>& progress) : progress_(progress) {}

  bool operator()(std::int64_t done) {
    const pybind11::gil_scoped_acquire acquired;
    try {
      if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
      if (progress_ && done != reported_) (*progress_)(done);
      reported_ = done;
    } catch (...) {
      raised_ = std::current_exception();
    }
    return !raised_;
  }

  void raise_again() const {
    if (raised_) std::rethrow_exception(raised_);
  }

 private:
  const std::optional<ReportProgress>& progress_;
  std::int64_t reported_ = 0;
  std::exception_ptr raised_;
};

}  // namespace energysim::bindings
