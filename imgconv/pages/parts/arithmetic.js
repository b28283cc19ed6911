// Arithmetic: a kernel's sum, reductions of windows, activations, and conversion to a pixel type.

const EXACT = 2 ** 53;

/**
 * A kernel of typed weights, ready to compute with. Where all of it can be written in whole numbers over one
 * denominator, `whole` has these: the result is then (sum of rows times pixels + offset) / denominator, in whole numbers
 * as long as pixels do not exceed `greatest`.
 */
function kernelOf({ rows, divisor, bias }, greatest) {
  const cells = rows.map((row) => row.map(fraction));
  const flat = cells.flat();
  const [below, added] = [divisor === "auto" ? automatic(flat) : fraction(divisor), fraction(bias)];
  if (flat.includes(null) || !below || !added) throw new Error("A weight, the divisor and the bias are numbers: 3, \u22120.5 or 1/9.");
  if (below.above === 0n) throw new Error("The divisor cannot be 0.");
  const weights = rows.map((row) => row.map(valueOf));
  const common = flat.reduce((so, one) => lcm(so, one.below), 1n);
  const numerators = flat.map((one) => one.above * (common / one.below));
  const kernel = { weights, divisor: valueOf(quotient(below)), bias: valueOf(quotient(added)), common: Number(common) };
  return { ...kernel, numerators: inRows(numerators, rows), whole: whole(numerators, common, below, added, rows, greatest) };
}

const quotient = (one) => `${one.above}/${one.below}`;
const inRows = (numbers, rows) => rows.map((row, i) => row.map((_, j) => Number(numbers[i * row.length + j])));

/** The sum of the weights, or 1 where that is about 0. */
function automatic(cells) {
  if (cells.includes(null)) return null;
  const add = (so, one) => lowest(so.above * one.below + one.above * so.below, so.below * one.below);
  const sizes = cells.map(({ above, below }) => ({ above: above < 0n ? -above : above, below }));
  const [sum, most] = [cells, sizes].map((all) => all.reduce(add, { above: 0n, below: 1n }));
  const small = (sum.above < 0n ? -sum.above : sum.above) * 1000000000n * most.below <= most.above * sum.below;
  return small ? { above: 1n, below: 1n } : sum;
}

function whole(numerators, common, divisor, bias, rows, greatest) {
  const sign = divisor.above < 0n ? -1n : 1n;
  const scaled = common * divisor.above * sign;
  const denominator = lcm(scaled, bias.below);
  const factor = divisor.below * sign * (denominator / scaled);
  const offset = bias.above * (denominator / bias.below);
  const all = [...numerators.map((one) => one * factor), offset, denominator];
  const shared = all.reduce(gcd);
  const [least, ...others] = all.map((one) => Number(one / shared)).reverse();
  const weights = others.slice(1).reverse();
  const bound = weights.reduce((so, one) => so + Math.abs(one) * greatest, Math.abs(others[0]));
  if (!(bound < EXACT && least < EXACT)) return null;
  return { rows: inRows(weights, rows), offset: others[0], denominator: least };
}

/** What a filter gives for the values under its kernel; a weight of 0 does not look. */
function response(kernel, values) {
  const { whole } = kernel;
  let sum = 0;
  const weights = whole ? whole.rows : kernel.weights;
  for (let i = 0; i < weights.length; i++) {
    for (let j = 0; j < weights[i].length; j++) if (weights[i][j] !== 0) sum += weights[i][j] * values[i][j];
  }
  return whole ? (sum + whole.offset) / whole.denominator : sum / kernel.divisor + kernel.bias;
}

/** Each weight times the value under it. */
const productsOf = (kernel, values) =>
  kernel.numerators.map((row, i) =>
    row.map((weight, j) =>
      weight === 0 ? 0 : kernel.whole ? (weight * values[i][j]) / kernel.common : kernel.weights[i][j] * values[i][j]
    )
  );

/** The sum of the products, over the kernel's common denominator where that is exact. */
function sumOf(kernel, values) {
  const weights = kernel.whole ? kernel.numerators : kernel.weights;
  let sum = 0;
  weights.forEach((row, i) => row.forEach((weight, j) => (sum += weight === 0 ? 0 : weight * values[i][j])));
  return kernel.whole ? sum / kernel.common : sum;
}

/** A value between two ranks, linear. */
function percentile(values, percent) {
  const ordered = [...values].sort((one, other) => one - other);
  const rank = (percent / 100) * (ordered.length - 1);
  const below = Math.floor(rank);
  const [least, most] = [ordered[below], ordered[Math.ceil(rank)]];
  return least === most ? least : (1 - (rank - below)) * least + (rank - below) * most;
}

const added = (values) => values.reduce((so, one) => so + one, 0);

const REDUCTIONS = {
  max: (values) => values.reduce((so, one) => Math.max(so, one)),
  min: (values) => values.reduce((so, one) => Math.min(so, one)),
  avg: (values, count) => added(values) / count,
  median: (values) => percentile(values, 50),
  percentile: (values, _, number) => percentile(values, number),
  sum: (values) => added(values),
  range: (values) => REDUCTIONS.max(values) - REDUCTIONS.min(values),
  lp: (values, _, number) => added(values.map((one) => Math.abs(one) ** number)) ** (1 / number),
};

/** What a pooling window gives for the pixels in it; NaN propagates. */
function reduced(kind, values, count) {
  const [word, number] = kind.split(":");
  return values.some(Number.isNaN) ? NaN : REDUCTIONS[word](values, count, valueOf(number ?? "0"));
}

/** The error function: its series near 0, a continued fraction further out. */
function erf(x) {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let [sum, term] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-17; n++) sum += (term *= (-x * x) / n) / (2 * n + 1);
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let below = size;
  for (let n = 60; n > 0; n--) below = size + n / 2 / below;
  return Math.sign(x) * (1 - Math.exp(-size * size) / (Math.sqrt(Math.PI) * below));
}

const within = (value, low, high) => (Number.isNaN(value) ? value : Math.min(Math.max(value, low), high));

const ACTIVATIONS = {
  identity: (v) => v,
  relu: (v) => (v > 0 || Number.isNaN(v) ? v : 0),
  abs: Math.abs,
  sigmoid: (v) => 1 / (1 + Math.exp(-v)),
  tanh: Math.tanh,
  "leaky-relu": (v) => (v > 0 ? v : 0.01 * v),
  elu: (v) => (v > 0 ? v : Math.expm1(v)),
  silu: (v) => v / (1 + Math.exp(-v)),
  gelu: (v) => 0.5 * v * (1 + erf(v * Math.SQRT1_2)),
  softplus: (v) => (v > 0 ? v : 0) + Math.log1p(Math.exp(-Math.abs(v))),
  "hard-sigmoid": (v) => within(v / 6 + 0.5, 0, 1),
  "hard-swish": (v) => v * within(v / 6 + 0.5, 0, 1),
  "hard-tanh": (v) => within(v, -1, 1),
};

const LIMITS = {
  uint8: [0, 255],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  float32: [0, 1],
  float64: [0, 1],
};

const ROUNDINGS = {
  "half-up": (v) => Math.floor(v + 0.5),
  "half-even": (v) => (Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v)),
  zero: Math.trunc,
};

/**
 * A response on its way into a pixel type: by the range rule, rounded, clamped; floats are neither rounded nor clamped.
 * `ends` are the least and the greatest response, between which "stretch" works.
 */
function settled(value, { type, range, rounding }, ends) {
  const [low, high] = LIMITS[type];
  let ranged = value;
  if (range === "abs") ranged = Math.abs(value);
  if (range === "shift" && type.startsWith("uint")) ranged = value + (high + 1) / 2;
  if (range === "stretch") ranged = ends[0] === ends[1] ? low : low + ((value - ends[0]) * (high - low)) / (ends[1] - ends[0]);
  if (type.startsWith("float")) return { ranged, result: type === "float32" ? Math.fround(ranged) : ranged };
  const rounded = Number.isNaN(ranged) ? 0 : ROUNDINGS[rounding](ranged);
  return { ranged, rounded, result: within(rounded, low, high) };
}
