// Geometry: where windows lie along an axis, and what stands beyond the edge.

const EDGES = {
  edge: (at, n) => Math.min(Math.max(at, 0), n - 1),
  reflect: (at, n) => {
    const within = modulo(at, 2 * n);
    return within < n ? within : 2 * n - 1 - within;
  },
  reflect101: (at, n) => {
    const period = Math.max(2 * (n - 1), 1);
    const within = modulo(at, period);
    return within < n ? within : period - within;
  },
  "reflect101-reflect": (at, n) => EDGES.reflect(Math.abs(at), n),
  wrap: (at, n) => modulo(at, n),
  constant: () => -1,
};

const modulo = (value, by) => ((value % by) + by) % by;

/** The pixel that stands at a position of an axis of n pixels; -1 for the border's constant. */
const standsAt = (border, at, n) => (at >= 0 && at < n ? at : EDGES[border](at, n));

/** "2" or "2x3" as [rows, columns]; null for anything else, or less than `least`. */
function pair(text, least) {
  const parts = String(text).split(/[x\u00d7]/).map((one) => (/^\s*\d+\s*$/.test(one) ? Number(one) : NaN));
  if (parts.length > 2 || !parts.every((one) => one >= least)) return null;
  return parts.length === 2 ? parts : [parts[0], parts[0]];
}

/** "same", "valid", "1", "1x2" or "top,bottom,left,right" as "same" or four numbers; null for anything else. */
function padding(text) {
  const word = String(text).trim();
  if (word === "same") return "same";
  if (word === "valid") return [0, 0, 0, 0];
  const four = word.split(",").map((one) => (/^\s*\d+\s*$/.test(one) ? Number(one) : NaN));
  if (four.length === 4) return four.some(Number.isNaN) ? null : four;
  const two = pair(word, 0);
  return two && [two[0], two[0], two[1], two[1]];
}

/** One axis of a placed window: n pixels in, `out` windows; tap t of output i reads i*stride + t*dilation - before. */
function axis(n, number, window) {
  const [size, stride, dilation] = [window.size[number], window.stride[number], window.dilation[number]];
  const effective = dilation * (size - 1) + 1;
  const found = { n, size, stride, dilation, effective };
  if (window.pad === "same") {
    const out = Math.ceil(n / stride);
    const reach = (out - 1) * stride + effective - n;
    const total = Math.max(0, reach);
    const before = window.anchor ? dilation * window.anchor[number] : Math.floor(total / 2);
    return { ...found, before, after: window.anchor ? Math.max(0, reach - before) : total - before, out };
  }
  const [before, after] = window.pad.slice(2 * number, 2 * number + 2);
  const span = n + before + after - effective;
  if (!window.ceil) return { ...found, before, after, out: Math.floor(span / stride) + 1 };
  return { ...found, before, after, out: Math.min(Math.ceil(span / stride) + 1, Math.ceil((n + before) / stride)) };
}

/** A window's two axes on a map; an Error where it does not fit. */
function placed(window, height, width) {
  const axes = [axis(height, 0, window), axis(width, 1, window)];
  if (axes[0].out < 1 || axes[1].out < 1) {
    const [rows, columns] = axes.map((one) => one.n + one.before + one.after);
    throw new Error(
      `A window of ${axes[0].effective}\u00d7${axes[1].effective} does not fit a picture of ${rows}\u00d7${columns} (with` +
        " padding). Take a smaller window, or padding \u201csame\u201d."
    );
  }
  return axes;
}

/** The positions that the taps of an output's window read along an axis. */
const positions = (one, output) =>
  Array.from({ length: one.size }, (_, tap) => output * one.stride + tap * one.dilation - one.before);

/** The output whose window has its middle nearest to a position. */
const nearestOutput = (one, at) =>
  Math.min(Math.max(Math.round((at + one.before - (one.effective - 1) / 2) / one.stride), 0), one.out - 1);
