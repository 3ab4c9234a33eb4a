// Niantic's SPZ as Niantic's own C++ reads it, compiled to WebAssembly in @spz-loader/core.
//
//   node spz.cjs FILE ROWS     reads FILE, writes what it found: ROWS as in clouds.py
//
// NODE_PATH names the node_modules folder.

// The package's bundler has emptied its `node:module`, without which it fails where it recognises
// Node; it has another way for a browser inside Node, which needs none.
process.type = "renderer";

const fs = require("node:fs");
const { loadSpz } = require("@spz-loader/core");

/** Activated values as the package gives them, back in the form a PLY stores. */
function rows(cloud) {
  const harmonics = cloud.numPoints ? cloud.sh.length / cloud.numPoints : 0;
  const values = 14 + harmonics;
  const out = new Float32Array(cloud.numPoints * values);
  for (let splat = 0; splat < cloud.numPoints; splat += 1) {
    const three = (column) => Array.from(column.subarray(splat * 3, splat * 3 + 3));
    const [x, y, z, w] = cloud.rotations.subarray(splat * 4, splat * 4 + 4);
    const row = [
      ...three(cloud.positions),
      ...three(cloud.scales).map(Math.log),
      w, x, y, z,
      cloud.alphas[splat],
      ...three(cloud.colors).map((colour) => colour - 0.5),
      ...cloud.sh.subarray(splat * harmonics, (splat + 1) * harmonics),
    ];
    out.set(row, splat * values);
  }
  return { out, values };
}

async function main([file, target]) {
  // No turning into another coordinate system, and f_dc as it is (plus the one half it adds).
  const options = { colorScaleFactor: 1, unpackOptions: { coordinateSystem: "UNSPECIFIED" } };
  const cloud = await loadSpz(fs.readFileSync(file), options);
  const { out, values } = rows(cloud);
  fs.writeFileSync(target, Buffer.from(out.buffer));
  console.log(JSON.stringify({ splats: cloud.numPoints, values }));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
