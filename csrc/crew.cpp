#include "crew.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "errors.h"

namespace energysim {

Crew::Crew(std::size_t jobs, std::size_t threads, std::function<void(std::size_t)> job)
    : jobs_(jobs), job_(std::move(job)), at_work_(threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Crew::~Crew() {
  stop();
  for (std::thread& thread : threads_) thread.join();
}

bool Crew::wait() {
  constexpr std::chrono::milliseconds kMoment(50);
  std::unique_lock lock(mutex_);
  if (at_work_ > 0) changed_.wait_for(lock, kMoment);
  if (at_work_ > 0) return false;
  if (error_) std::rethrow_exception(error_);
  return true;
}

void Crew::work() {
  // Jobs before a failed one are finished, so that the first failure is always found.
  for (std::size_t i; !stopped_ && (i = next_++) < jobs_;) {
    std::exception_ptr error;
    try {
      job_(i);
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    if (error && (!error_ || i < failed_)) {
      error_ = error;
      failed_ = i;
      next_ = jobs_;
    }
    ++done_;
    changed_.notify_one();
  }
  const std::lock_guard lock(mutex_);
  --at_work_;
  changed_.notify_one();
}

std::size_t cores() { return std::max(1u, std::thread::hardware_concurrency()); }

void work_off(std::size_t jobs, int threads,
              const std::function<void(std::size_t, const std::function<bool()>&)>& job,
              const std::function<bool(std::size_t)>& progress) {
  const auto report = [&](std::size_t done) {
    if (progress && !progress(done)) throw Interrupted("the search was interrupted");
  };
  const std::size_t crew_size =
      std::min(jobs, threads > 0 ? static_cast<std::size_t>(threads) : cores());
  if (crew_size <= 1) {
    for (std::size_t i = 0; i < jobs; ++i) {
      job(i, [&] { return !progress || progress(i); });
      report(i + 1);
    }
  } else {
    std::atomic<bool> stop = false;
    Crew crew(jobs, crew_size, [&](std::size_t i) { job(i, [&] { return !stop; }); });
    while (!crew.wait()) {
      try {
        report(crew.done());
      } catch (...) {
        stop = true;
        throw;
      }
    }
  }
  report(jobs);
}

}  // namespace energysim
