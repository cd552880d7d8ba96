// Threads that work through a list of independent jobs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace energysim {

// Starts `threads` threads that take jobs 0, 1, ... one after another. The first error, by job and
// not by time, is the one that counts, so that it is the same for any number of threads.
class Crew {
 public:
  Crew(std::size_t jobs, std::size_t threads, std::function<void(std::size_t)> job);
  // Waits for the jobs in hand; no new ones are taken.
  ~Crew();

  // Waits until a job is done or a moment has passed. True when nothing is left to wait for; throws
  // the error of the first job that failed.
  bool wait();
  std::size_t done() const { return done_; }
  void stop() { stopped_ = true; }

 private:
  void work();

  const std::size_t jobs_;
  const std::function<void(std::size_t)> job_;
  std::atomic<std::size_t> next_ = 0, done_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::exception_ptr error_;
  std::size_t failed_ = 0;
  std::size_t at_work_ = 0;
  std::vector<std::thread> threads_;
};

// Threads that can run side by side, at least one.
std::size_t cores();

// Does jobs 0, 1, ..., `jobs` - 1 with so many threads (0: one per core), the calling one alone
// where one is enough. A job asks its second argument now and then whether to go on.
// `progress(done)` is called from the calling thread; all stops with Interrupted when it returns
// false.
void work_off(std::size_t jobs, int threads,
              const std::function<void(std::size_t, const std::function<bool()>&)>& job,
              const std::function<bool(std::size_t)>& progress);

}  // namespace energysim
