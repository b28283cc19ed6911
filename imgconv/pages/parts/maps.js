// Maps: planes of numbers, filtered, pooled and converted as a whole.

const ARRAYS = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** The map that the page carries: {height, width, type, names, planes}; its bytes are (rows, columns, channels). */
function decoded({ height, width, type, names, data }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const values = new ARRAYS[type](bytes.buffer);
  const planes = names.map((_, channel) =>
    Float64Array.from({ length: height * width }, (_unused, at) => values[at * names.length + channel])
  );
  return { height, width, type, names, planes };
}

/** The same places of a map with other planes. */
const withPlanes = (map, height, width, planes) => ({ ...map, height, width, planes });

/** The greatest magnitude on a map. */
const greatestOf = (map) => map.planes.reduce((so, plane) => plane.reduce((most, v) => Math.max(most, Math.abs(v)), so), 0);

/** For each output along an axis the pixels under its taps, -1 for the constant. */
const sourcesAlong = (one, border) =>
  Array.from({ length: one.out }, (_, output) => positions(one, output).map((at) => standsAt(border, at, one.n)));

/** A filter on a map; values stay wide. */
function filtered(map, step) {
  const [down, across] = placed(step.window, map.height, map.width);
  const [rows, columns] = [sourcesAlong(down, step.border), sourcesAlong(across, step.border)];
  const { whole, weights, divisor, bias } = step.kernel;
  const taps = tapsOf(whole ? whole.rows : weights);
  const planes = map.planes.map((plane) => {
    const found = new Float64Array(down.out * across.out);
    for (let i = 0; i < down.out; i++) {
      for (let j = 0; j < across.out; j++) {
        let sum = 0;
        for (const [row, column, weight] of taps) {
          const [y, x] = [rows[i][row], columns[j][column]];
          sum += weight * (y < 0 || x < 0 ? step.constant : plane[y * map.width + x]);
        }
        found[i * across.out + j] = whole ? (sum + whole.offset) / whole.denominator : sum / divisor + bias;
      }
    }
    return found;
  });
  return withPlanes(map, down.out, across.out, planes);
}

/** The weights that look, with their places. */
const tapsOf = (rows) =>
  rows.flatMap((row, i) => row.map((weight, j) => [i, j, weight])).filter(([, , weight]) => weight !== 0);

/** An activation on a map. */
const activated = (map, name) => ({ ...map, planes: map.planes.map((plane) => plane.map(ACTIVATIONS[name])) });

/** The pixels in an output's pooling window, and what an average divides by. */
function pooledCells(map, plane, step, axes, at) {
  const [rows, columns] = [positions(axes[0], at[0]), positions(axes[1], at[1])];
  const cells = rows.flatMap((row) => columns.map((column) => ({ row, column })));
  const inside = ({ row, column }) => row >= 0 && row < map.height && column >= 0 && column < map.width;
  const seen = cells.filter(inside);
  const values = seen.map(({ row, column }) => plane[row * map.width + column]);
  const padded = ({ row, column }) => row < map.height + axes[0].after && column < map.width + axes[1].after;
  return { values, count: step.countPadding ? cells.filter(padded).length : seen.length };
}

/** A pooling on a map; windows see existing pixels only. */
function pooled(map, step) {
  const axes = placed(step.window, map.height, map.width);
  const planes = map.planes.map((plane) =>
    Float64Array.from({ length: axes[0].out * axes[1].out }, (_, number) => {
      const at = [Math.floor(number / axes[1].out), number % axes[1].out];
      const { values, count } = pooledCells(map, plane, step, axes, at);
      if (!values.length) throw new Error("A pooling window would see no pixel. Take less padding or a larger window.");
      return reduced(step.kind, values, count);
    })
  );
  return withPlanes(map, axes[0].out, axes[1].out, planes);
}

/** The least and the greatest finite value of a map. */
function endsOf(map) {
  let [low, high] = [Infinity, -Infinity];
  for (const plane of map.planes) {
    for (const value of plane) {
      if (value < low && value !== -Infinity) low = value;
      if (value > high && value !== Infinity) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 0];
}

/** A map as it is written: converted to a pixel type. */
function converted(map, target) {
  const ends = endsOf(map);
  const planes = map.planes.map((plane) => plane.map((value) => settled(value, target, ends).result));
  return { ...map, type: target.type, planes };
}
