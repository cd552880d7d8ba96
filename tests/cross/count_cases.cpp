// Counts random nests with a copy of the counting engine: one case per line on stdin, as
// `mutants.line_of` writes it, one line of counts per case on stdout.
//
// One translation unit, so that a mutant compiles in a second or two and its inline functions
// cannot be mixed with those of another copy.
#include <iostream>

#include "count.cpp"
#include "layer.cpp"
#include "window.cpp"
#include "window_terms.cpp"

namespace energysim {

// The nests follow no dataflow: nothing is asked of them.
void check_mapping(const Layer&, const Architecture&, const Mapping&) {}

namespace {

Layer read_layer(std::istream& in, Nest& nest) {
  LayerShape s;
  in >> s.N >> s.G >> s.M >> s.C >> s.H >> s.W >> s.R >> s.S;
  in >> s.stride_v >> s.stride_h >> s.dilation_v >> s.dilation_h >> s.pad_top >> s.pad_left;
  for (Tiles& t : nest.tiles) in >> t.layer >> t.glb >> t.pass >> t.pe >> t.rf;
  for (Operand operand : kAllOperands) {
    Way& way = nest.ways[operand];
    bool halo = false, always = false;
    in >> way.glb >> way.noc >> way.rf >> halo >> always;
    way.halo = halo ? Halo::Refetch : Halo::Slide;
    way.refetch = always ? Refetch::Always : Refetch::OnChange;
  }
  nest.ways.psum_chain = {};
  for (Dim d : {Dim::C, Dim::R, Dim::S}) {
    bool chained = false;
    in >> chained;
    if (chained) nest.ways.psum_chain.add(d);
  }
  int loops = 0;
  in >> loops;
  for (int dim = 0, storey = 0; loops > 0 && in >> dim >> storey; --loops) {
    nest.order.push({static_cast<Dim>(dim), static_cast<Storey>(storey)});
  }
  return Layer("case", s);
}

void count_all(std::istream& in, std::ostream& out) {
  for (bool past_glb = false; in >> past_glb;) {
    Nest nest;
    const Layer layer = read_layer(in, nest);
    Architecture arch;
    arch.ofmap_path = past_glb ? OfmapPath::PastGlb : OfmapPath::ThroughGlb;
    try {
      const AccessCounts<Checked> counts = count_nest(layer, arch, nest);
      out << counts.macs.value();
      for (const auto& level : counts.at) {
        for (const Accesses<Checked>& n : level) {
          out << ' ' << n.read.value() << ' ' << n.write.value() << ' ' << n.fill.value();
        }
      }
    } catch (const CountOverflow& error) {
      out << error.what();
    }
    out << '\n';
  }
}

}  // namespace
}  // namespace energysim

int main() {
  energysim::count_all(std::cin, std::cout);
  return 0;
}
