// Origins: how one pixel of a step's result is made of those of its input, as lines and tables.

const valueAt = (map, channel, row, column) => map.planes[channel][row * map.width + column];

/** What stands under a window: {rows, columns, cells} as `windowTable` takes them. */
function underWindow(map, channel, axes, at, border, constant) {
  const stage = { kind: border ? "filter" : "pool", axes, input: map, step: { border, constant } };
  return cellsOf(stage, map.planes[channel], at);
}

const valuesIn = ({ cells }) => cells.map((row) => row.map(({ value }) => value));
const shownIn = (map) => ({ kind: "filter", input: { ...map, type: map.scale } });

/** The cell of a window whose product weighs most. */
function heaviest({ cells }, products) {
  const all = cells.flat().map((cell, number) => ({ cell, weight: Math.abs(products.flat()[number]) }));
  const inside = all.filter(({ cell }) => !cell.beyond);
  return inside.length ? inside.reduce((so, one) => (one.weight > so.weight ? one : so)).cell : null;
}

/** Window, kernel and products side by side. */
function productTables(map, name, seen, weights, products) {
  const most = Math.max(...weights.flat().map(Math.abs));
  const cells = weights.map((row) => row.map((weight) => ({ text: brief(weight), tone: signed(weight, most) })));
  return [windowTable(shownIn(map), name, seen, null), table("Kernel", cells), productsTable(products, Infinity)];
}

const timesOf = (weights, values) =>
  weights.map((row, i) => row.map((weight, j) => (weight === 0 ? 0 : weight * values[i][j])));

const COMBINES = {
  l2: (values) => Math.hypot(...values),
  l1: (values) => added(values.map(Math.abs)),
  linf: (values) => Math.max(...values.map(Math.abs)),
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  sum: added,
  avg: (values) => added(values) / values.length,
};

function filterOrigin(step, input, { channel, at }) {
  const constant = valueOf(step.constant);
  const greatest = Math.max(greatestOf(input), Math.abs(constant));
  const parts = step.kernels.map((data) => {
    const kernel = kernelOf(data, greatest);
    const seen = underWindow(input, channel, data.axes, at, step.border, constant);
    const products = productsOf(kernel, valuesIn(seen));
    const stage = { step: { kernel }, activation: "none" };
    return { seen, products, kernel, lines: filterLines(stage, valuesIn(seen), Infinity), value: response(kernel, valuesIn(seen)) };
  });
  const computed = step.way ? COMBINES[step.way](parts.map(({ value }) => value)) : parts[0].value;
  const lines = parts.flatMap(({ lines: own }, number) => (step.way ? [[`kernel ${number + 1}`, ""], ...own] : own));
  if (step.way) lines.push([step.way, full(computed)]);
  const cell = heaviest(parts[0].seen, parts[0].products);
  return {
    computed,
    lines,
    tables: parts.flatMap(({ seen, products, kernel }) => productTables(input, input.names[channel], seen, kernel.weights, products)),
    from: cell && { channel, at: [cell.row, cell.column] },
  };
}

function poolOrigin(step, input, { channel, at }) {
  const [rows, columns] = step.axes
    ? step.axes.map((one, side) => positions(one, at[side]))
    : step.spans.map((side, number) => Array.from({ length: side[at[number]][1] - side[at[number]][0] }, (_, i) => side[at[number]][0] + i));
  const cells = rows.map((row) =>
    columns.map((column) => {
      const value = pixelAt(input, input.planes[channel], row, column, null, 0);
      return { row, column, value, beyond: value === null };
    })
  );
  const values = cells.flat().map(({ value }) => value).filter((value) => value !== null);
  const padded = ({ row, column }) => row < input.height + step.axes[0].after && column < input.width + step.axes[1].after;
  const count = step.countPadding ? cells.flat().filter(padded).length : values.length;
  const computed = reduced(step.reduction, values, count);
  const winner = ["max", "min"].includes(step.reduction) ? cells.flat().find(({ value }) => value === computed) : null;
  const most = winner ?? cells.flat().filter(({ value }) => value !== null).reduce((so, one) => (Math.abs(one.value) > Math.abs(so.value) ? one : so));
  return {
    computed,
    lines: [[`${step.reduction} of ${values.length} values`, full(computed)]],
    tables: cells.length * cells[0].length <= 400 ? [windowTable(shownIn(input), input.names[channel], { rows, columns, cells }, winner)] : [],
    from: { channel, at: [most.row, most.column] },
  };
}

/** The weights of one filter of a convolution for one of its inputs. */
function filterWeights({ shape, values }, input, filter) {
  const [rows, columns, inputs, filters] = shape;
  const weight = (i, j) => values[((i * columns + j) * inputs + input) * filters + filter];
  return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_unused, j) => weight(i, j)));
}

function convOrigin(step, input, { channel, at }, chosen) {
  if (!step.weight) return { lines: [["weights", "too many for this page"]], tables: [], from: null };
  const inputs = step.weight.shape[2];
  const first = Math.floor(channel / (step.weight.shape[3] / step.groups)) * inputs;
  const constant = valueOf(step.constant);
  const parts = Array.from({ length: inputs }, (_, number) => {
    const weights = filterWeights(step.weight, number, channel);
    const seen = underWindow(input, first + number, step.axes, at, step.border, constant);
    const products = timesOf(weights, valuesIn(seen));
    return { channel: first + number, weights, seen, products, sum: added(products.flat()) };
  });
  const sum = added(parts.map((part) => part.sum));
  const bias = step.bias ? step.bias.values[channel] : 0;
  const strongest = parts.reduce((so, one) => (Math.abs(one.sum) > Math.abs(so.sum) ? one : so));
  const shown = parts.find((part) => part.channel === chosen) ?? strongest;
  const cell = heaviest(shown.seen, shown.products);
  return {
    computed: sum + bias,
    lines: [[inputs === 1 ? "sum of the products" : `sum over ${inputs} maps`, digits(sum, 6)], ["+ bias", digits(bias, 6)]],
    inputs: inputs === 1 ? null : parts.map((part) => ({ channel: part.channel, sum: part.sum, shown: part === shown })),
    tables: productTables(input, "", shown.seen, shown.weights, shown.products),
    from: cell && { channel: shown.channel, at: [cell.row, cell.column] },
  };
}

function denseOrigin(step, input, { channel }) {
  if (!step.weight) return { lines: [["weights", "too many for this page"]], tables: [], from: null };
  const [count, outputs] = step.weight.shape;
  const products = Array.from({ length: count }, (_, number) => {
    const [weight, value] = [step.weight.values[number * outputs + channel], valueAt(input, number, 0, 0)];
    return { number, weight, value, product: weight * value };
  });
  const sum = added(products.map(({ product }) => product));
  const bias = step.bias ? step.bias.values[channel] : 0;
  const strongest = [...products].sort((one, other) => Math.abs(other.product) - Math.abs(one.product)).slice(0, 12);
  const most = Math.abs(strongest[0].product);
  const rows = strongest.map(({ number, weight, value, product }) => [
    { text: String(number) },
    { text: brief(value) },
    { text: brief(weight) },
    { text: brief(product), tone: signed(product, most) },
  ]);
  return {
    computed: sum + bias,
    lines: [[`sum of ${count} products`, digits(sum, 6)], ["+ bias", digits(bias, 6)]],
    tables: [table(`The strongest ${strongest.length} of ${count} inputs`, rows, null, ["input", "value", "weight", "product"])],
    from: { channel: strongest[0].number, at: [0, 0] },
  };
}

function samePixel(_, input, { channel, at }) {
  return { lines: [["the pixel before", full(valueAt(input, channel, ...at))]], tables: [], from: { channel, at } };
}

function acrossOrigin(_, input, { channel, at }) {
  const line = ["the pixel before, among all maps", full(valueAt(input, channel, ...at))];
  return { lines: [line], tables: [], from: { channel, at } };
}

function shiftOrigin(step, input, { channel, at }) {
  const place = at.map((one, side) => one - step.by[side]);
  const inside = place.every((one, side) => one >= 0 && one < [input.height, input.width][side]);
  if (!inside) return { lines: [["beyond the edge, border", step.border]], tables: [], from: null };
  return samePixel(step, input, { channel, at: place });
}

function flattenOrigin({ shape }, _, { channel: number }) {
  const { row, column, channel } = unflattened(shape, number);
  return { lines: [["from", `map ${channel}, row ${row}, column ${column}`]], tables: [], from: { channel, at: [row, column] } };
}

const none = () => ({ lines: [], tables: [], remark: "This step is not explained pixel by pixel.", from: null });

const ORIGINS = {
  filter: filterOrigin,
  pool: poolOrigin,
  conv: convOrigin,
  dense: denseOrigin,
  each: samePixel,
  across: acrossOrigin,
  shift: shiftOrigin,
  flatten: flattenOrigin,
  window: none,
  other: none,
};

/** How a pixel comes about; `chosen` is the input map whose products are shown. Maps without numbers have no lines. */
function originOf(step, input, place, chosen) {
  return input.planes ? ORIGINS[step.kind](step, input, place, chosen) : { lines: [], tables: [], from: null };
}
