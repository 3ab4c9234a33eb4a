// Packs a PLY as Niantic's own library does, and unpacks it again: see README.md.
#include "load-spz.h"

#include <cstdio>
#include <string>

int main(int argc, char **argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: make VERSION IN.ply OUT.spz OUT.dec.ply\n");
    return 2;
  }
  spz::PackOptions pack;
  pack.version = std::stoi(argv[1]);
  // No frame is named on either side, so nothing is flipped.
  const auto cloud = spz::loadSplatFromPly(argv[2], {});
  if (!spz::saveSpz(cloud, pack, std::string(argv[3]))) return 1;
  const auto unpacked = spz::loadSpz(std::string(argv[3]), {});
  return spz::saveSplatToPly(unpacked, {}, argv[4]) ? 0 : 1;
}
