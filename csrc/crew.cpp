#include "crew.h"

#include <chrono>
#include <exception>
#include <utility>

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

}  // namespace energysim
