// Explained: the arithmetic of one pixel of a stage, as tables and lines.

/** The cells under an output's window: {row, column, value (null: nothing), beyond}. */
function cellsOf({ kind, step, axes, input }, plane, at) {
  const border = kind === "pool" ? null : step.border;
  const [rows, columns] = axes.map((one, number) => positions(one, at[number]));
  const cells = rows.map((row) =>
    columns.map((column) => {
      const beyond = row < 0 || row >= input.height || column < 0 || column >= input.width;
      return { row, column, beyond, value: pixelAt(input, plane, row, column, border, step.constant) };
    })
  );
  return { rows, columns, cells };
}

/** What a window's table says of its cells: brackets beyond the edge, a star for the winner. */
function windowTable(stage, name, { rows, columns, cells }, winner) {
  const ends = scaleOf(cells.flat().map((cell) => cell.value).filter((value) => value !== null), stage.input.type);
  const texts = cells.map((line) =>
    line.map((cell) => {
      if (cell.value === null) return { text: "\u2013", kind: "nothing", label: "nothing" };
      const text = brief(cell.value);
      const shown = { text, tone: tone(cell.value, ends, name) };
      if (cell.beyond) return { ...shown, text: `[${text}]`, kind: "beyond", label: `${text}, beyond the edge` };
      if (cell === winner) return { ...shown, kind: "winner", label: `${text}, the winner` };
      return shown;
    })
  );
  return table("Window", texts, rows, columns);
}

/** Weights times values, those from number `filled` on still empty. */
function productsTable(products, filled) {
  const most = Math.max(...products.flat().map(Math.abs).filter(Number.isFinite), 0);
  let number = 0;
  const rows = products.map((row) =>
    row.map((value) => (number++ < filled ? { text: brief(value), tone: signed(value, most) } : { text: "", kind: "empty" }))
  );
  return table("Products", rows);
}

/** The lines from the products to the response: [term, value], the last of them the stage's value. */
function filterLines(stage, values, filled) {
  const { kernel } = stage.step;
  const products = productsOf(kernel, values).flat();
  if (filled < products.length) return [["sum so far", full(added(products.slice(0, filled)))]];
  const lines = [["sum", full(sumOf(kernel, values))]];
  const value = response(kernel, values);
  if (kernel.divisor !== 1) lines.push([`/ divisor ${full(kernel.divisor)}`, full(value - kernel.bias)]);
  if (kernel.bias !== 0) lines.push([`+ bias ${full(kernel.bias)}`, full(value)]);
  if (stage.activation !== "none") lines.push([stage.activation, full(ACTIVATIONS[stage.activation](value))]);
  return lines;
}

function poolLines(stage, plane, at, value) {
  const { values, count } = pooledCells(stage.input, plane, stage.step, stage.axes, at);
  const { kind } = stage.step;
  const cells = (number) => `${number} ${number === 1 ? "cell" : "cells"}`;
  if (kind !== "avg") return [[`${kind} of ${cells(values.length)}`, full(value)]];
  return [["sum", full(added(values))], [`/ ${cells(count)}`, full(value)]];
}

/** The lines from a response to what is written. */
function endLines(value, target, ends) {
  const end = settled(value, target, ends);
  const lines = [];
  if (target.range === "stretch") lines.push([`range stretch (${brief(ends[0])} \u2026 ${brief(ends[1])})`, full(end.ranged)]);
  else if (target.range !== "clamp") lines.push([`range ${target.range}`, full(end.ranged)]);
  if (end.rounded !== undefined && end.rounded !== end.ranged) lines.push(["rounded", full(end.rounded)]);
  if (end.rounded !== undefined && end.rounded !== end.result) lines.push([`clamped to ${target.type}`, full(end.result)]);
  return [...lines, ["result", `${full(end.result)}  (${target.type})`]];
}

/** The cell that a maximum or minimum comes from: the first of equals. */
function winnerOf({ kind, step }, { cells }, value) {
  return kind === "pool" && ["max", "min"].includes(step.kind) ? cells.flat().find((cell) => cell.value === value) : null;
}

/** How many windows fit along an axis, as the formula has it. */
function formula(what, one, { pad, ceil }) {
  const { n, before, after, effective: e, stride, dilation, size, out } = one;
  const window = dilation > 1 ? `e = ${dilation}\u00b7(${size} \u2212 1) + 1 = ${e}; ` : "";
  if (pad === "same") {
    return `${what}: ${window}\u2308${n} / ${stride}\u2309 = ${out}, padding ${before} before and ${after} behind`;
  }
  const [open, close] = ceil ? ["\u2308", "\u2309"] : ["\u230a", "\u230b"];
  const last = ceil && out !== Math.ceil((n + before + after - e) / stride) + 1 ? ", less the window that would start beyond the picture" : "";
  return `${what}: ${window}${open}(${n} + ${before} + ${after} \u2212 ${e}) / ${stride}${close} + 1${last} = ${out}`;
}

/** The formula with letters, for windows with this kind of padding. */
function generalFormula({ pad, ceil }) {
  if (pad === "same") return "out = \u2308n / stride\u2309";
  const [open, close] = ceil ? ["\u2308", "\u2309"] : ["\u230a", "\u230b"];
  return `out = ${open}(n + before + after \u2212 e) / stride${close} + 1, where e = dilation\u00b7(size \u2212 1) + 1`;
}
