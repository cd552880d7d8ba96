#include "trace/trace.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <stdexcept>
#include <string>

#include "crew.h"
#include "errors.h"
#include "trace/pe_array.h"
#include "trace/stored_ofmap.h"

namespace energysim::trace {
namespace {

// Of two bytes each; beyond, positions would not fit 32 bits either.
constexpr Count kMostIfmapWords = (Count{1} << 31) - 1;

void require(bool holds, const std::string& why) {
  if (!holds) throw InvalidInput(why);
}

void check_input(const Layer& layer, const Tensors& tensors, const Output& output) {
  const auto fits = [&](std::size_t words, Count wanted, const char* what) {
    require(words == static_cast<std::size_t>(wanted), "layer '" + layer.name() + "': the " + what +
                                                           " must have " + std::to_string(wanted) +
                                                           " words, got " + std::to_string(words));
  };
  require(!layer.shape().own_filters || layer.shape().N == 1,
          "layer '" + layer.name() +
              "': images with filters of their own cannot be simulated together: take one image");
  fits(tensors.ifmap.size(), layer.ifmap_words(), "ifmap");
  fits(tensors.filters.size(), layer.filter_words(), "filters");
  require(output.psum_bits >= 2 && output.psum_bits <= 62,
          "psum_bits must lie between 2 and 62, got " + std::to_string(output.psum_bits));
  require(output.word_bits >= 2 && output.word_bits <= 16,
          "word_bits must lie between 2 and 16, got " + std::to_string(output.word_bits));
  require(!output.shift || (*output.shift >= 0 && *output.shift <= 62),
          "the shift must lie between 0 and 62, got " + std::to_string(output.shift.value_or(0)));
  const LayerShape& s = layer.shape();
  const Count rows = reach({s.stride_v, s.dilation_v}, layer.E(), s.R);
  const Count columns = reach({s.stride_h, s.dilation_h}, layer.F(), s.S);
  const Count padded = rows * columns * s.N * s.G * s.C;  // which a layer knows to fit 64 bits
  require(padded <= kMostIfmapWords, "layer '" + layer.name() + "': the ifmap has " +
                                         std::to_string(padded) + " words with its padding, more " +
                                         "than the " + std::to_string(kMostIfmapWords) +
                                         " that can be simulated: pad less or take fewer images");
  require(s.C * s.R * s.S <= std::numeric_limits<std::int32_t>::max(),
          "layer '" + layer.name() + "': more than 2147483647 products per psum");
}

// The simulated PEs have all three scratch pads, and every storage keeps what the law of residence
// lets it keep.
void require_plain_law(const Ways& ways) {
  Ways plain;
  plain.ifmap.glb = ways.ifmap.glb;
  plain.filter.glb = ways.filter.glb;
  require(ways == plain,
          "tensors move by the plain law of residence, with scratch pads for every operand; this "
          "mapping's operands do otherwise: take one of row stationary");
}

// A part of a group: GLB tiles from `begin` on that no psum connects with those outside.
struct Job {
  Count group = 0, begin = 0, end = 0;
};

std::vector<Job> make_jobs(const NestWalk& walk, Count groups, std::size_t threads) {
  const Count units = walk.glb_tiles() / walk.independent_stride();
  const Count wanted = threads > 1 ? ceil_div(4 * static_cast<Count>(threads), groups) : 1;
  const Count parts = std::min(units, wanted);
  std::vector<Job> jobs;
  for (Count g = 0; g < groups; ++g) {
    for (Count part = 0; part < parts; ++part) {
      const Count stride = walk.independent_stride();
      jobs.push_back({g, part * units / parts * stride, (part + 1) * units / parts * stride});
    }
  }
  return jobs;
}

class Run {
 public:
  Run(const Layer& layer, const Architecture& arch, const Nest& nest, const Tensors& tensors,
      const Output& output, int threads)
      : walk_(layer, nest), dram_(layer, tensors) {
    drain_through_ = arch.ofmap_path == OfmapPath::ThroughGlb;
    limit_ = (std::int64_t{1} << (output.psum_bits - 1)) - 1;
    largest_ = largest_partial_sum(layer, tensors);
    const auto cores = static_cast<std::size_t>(std::max(1U, std::thread::hardware_concurrency()));
    threads_ = threads == 0 ? cores : static_cast<std::size_t>(threads);
    jobs_ = make_jobs(walk_, layer.size(Dim::G), threads_);
    ledgers_.resize(jobs_.size());
  }

  void run(const Progress& progress) {
    Crew crew(jobs_.size(), std::min(threads_, jobs_.size()), [this](std::size_t i) { work(i); });
    while (!crew.wait()) {
      if (progress && !progress(macs_)) {
        stopped_ = true;
        throw Interrupted("the run was interrupted");
      }
    }
    if (progress && !progress(macs_)) throw Interrupted("the run was interrupted");
  }

  // Additions are checked only where the data leave it open whether a sum can overflow.
  bool checked() const { return largest_ > limit_; }

  Ledger ledger() const {
    Ledger all;
    for (const Ledger& ledger : ledgers_) all.add(ledger);
    return all;
  }
  Dram& dram() { return dram_; }

 private:
  void work(std::size_t i) {
    if (checked()) {
      work_with<std::int64_t, true>(jobs_[i], ledgers_[i]);
    } else if (largest_ <= std::numeric_limits<std::int32_t>::max()) {
      work_with<std::int32_t, false>(jobs_[i], ledgers_[i]);
    } else {
      work_with<std::int64_t, false>(jobs_[i], ledgers_[i]);
    }
  }

  template <class Sum, bool kChecked>
  void work_with(const Job& job, Ledger& ledger) {
    Glb glb(walk_, dram_, job.group, drain_through_);
    PeArray<Sum, kChecked> array(walk_, dram_, glb, limit_);
    if (job.begin > 0) catch_up(job.begin, glb, array);
    for (Count k = job.begin; k < job.end; ++k) {
      const Box tile = walk_.glb_tile(k);
      if (!glb.holds_psums_of(tile)) {
        array.give_back_psums(ledger);
        glb.hold_psums(tile, ledger);
      }
      glb.hold_inputs(tile, &ledger);
      Box pass = walk_.first_pass(tile);
      do {
        const Count before = ledger.moved.macs;
        array.run_pass(pass, ledger);
        macs_ += ledger.moved.macs - before;
        if (stopped_) return;
      } while (walk_.next_pass(tile, pass));
    }
    array.give_back_psums(ledger);
    glb.drain(ledger);
  }

  // Brings the storages to where the tiles before `begin` leave them. A PE holds what it had in the
  // last pass that it worked in, so only the tiles since one that employs all PEs matter.
  template <class Array>
  void catch_up(Count begin, Glb& glb, Array& array) {
    const Count stride = walk_.independent_stride();
    Count k = begin - stride;
    while (!walk_.employs_all_pes(walk_.glb_tile(k))) k -= stride;
    for (; k < begin; ++k) {
      const Box tile = walk_.glb_tile(k);
      Box pass = walk_.first_pass(tile);
      do {
        array.skip_pass(pass);
      } while (walk_.next_pass(tile, pass));
    }
    glb.hold_inputs(walk_.glb_tile(begin - 1), nullptr);
    array.recall();
  }

  const NestWalk walk_;
  Dram dram_;
  bool drain_through_ = true;
  std::int64_t limit_ = 0, largest_ = 0;
  std::size_t threads_ = 1;
  std::vector<Job> jobs_;
  std::vector<Ledger> ledgers_;
  std::atomic<Count> macs_ = 0;
  std::atomic<bool> stopped_ = false;
};

}  // namespace

Traced run(const Layer& layer, const Architecture& arch, const Nest& nest, const Tensors& tensors,
           const Output& output, int threads, const Progress& progress) {
  check_input(layer, tensors, output);
  require_plain_law(nest.ways);
  Run run(layer, arch, nest, tensors, output, threads);
  run.run(progress);
  const Ledger ledger = run.ledger();
  Traced traced;
  traced.counts = ledger.moved;
  traced.idle = ledger.idle;
  traced.ifmap = ledger.ifmap;
  traced.filters = ledger.filters;
  const Accesses<Count>& psums = ledger.moved(Level::Dram, Operand::Psum);
  traced.spilled_psums = psums.read + psums.write - layer.ofmap_words();
  traced.checked = run.checked();
  traced.shift = output.shift ? *output.shift : least_shift(run.dram().psums, output);
  traced.stored_ofmap = store_ofmap(run.dram(), ledger.finished, output, traced.shift);
  if (traced.stored_ofmap.words != layer.ofmap_words()) {
    throw std::logic_error("tensor simulator: a psum lacks products");
  }
  traced.ofmap = std::move(run.dram().psums);
  return traced;
}

}  // namespace energysim::trace
