// Drawing: the colours of cells, and maps on canvases.

const TINTS = { red: [1, 0, 0], green: [0, 1, 0], blue: [0, 0, 1] };
const BELOW = [33, 102, 172];
const ABOVE = [178, 24, 43];

/** From black to white: the range of the pixel type where the values lie in it, else from the least to the greatest. */
function scaleOf(values, type) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  const [least, most] = LIMITS[type];
  if (!type.startsWith("int") && !(low < least || high > most)) return [least, most];
  return low < high ? [low, high] : [low, low + 1];
}

const levelOf = (value, [low, high]) => Math.round(255 * within((value - low) / (high - low), 0, 1));

/** A pixel as it looks in its channel; null where there is nothing. */
function tone(value, ends, name) {
  if (value === null || Number.isNaN(value)) return null;
  const level = levelOf(value, ends);
  return (TINTS[name] ?? [1, 1, 1]).map((share) => share * level);
}

/** A weight or a product: blue below 0, red above; `most` is the magnitude of full colour. */
function signed(value, most) {
  if (Number.isNaN(value)) return null;
  const share = most ? Math.min(1, Math.abs(value) / most) ** 0.8 : 0;
  return (value < 0 ? BELOW : ABOVE).map((end) => Math.round(255 + (end - 255) * share));
}

const rgb = (colour) => `rgb(${colour.join(" ")})`;
const isLight = ([red, green, blue]) => 299 * red + 587 * green + 114 * blue > 128000;

/** Lays a cell on a swatch. */
function onSwatch(cell, colour) {
  cell.style.backgroundColor = colour ? rgb(colour) : "";
  cell.style.color = colour ? (isLight(colour) ? "#1b1b1a" : "#fff") : "";
}

/** The scale of a map: that of its type for what is written, else its own. */
const scaleOfMap = (map) => scaleOf(map.planes.flatMap((plane) => endsOf({ planes: [plane] })), map.type);

/** What stands at a place of a map, and around it what its border puts there; null for nothing. */
function pixelAt(map, plane, row, column, border, constant) {
  if (row >= 0 && row < map.height && column >= 0 && column < map.width) return plane[row * map.width + column];
  if (!border) return null;
  const [y, x] = [standsAt(border, row, map.height), standsAt(border, column, map.width)];
  return y < 0 || x < 0 ? constant : plane[y * map.width + x];
}

/**
 * A map on a canvas, a pixel for each value. `margin` {top, bottom, left, right} is filled as the border fills it, paler;
 * pixels from number `shown` on are left out. Three colours are drawn together, else the plane `channel`.
 */
function paint(canvas, map, { margin, border, constant, shown = Infinity, channel = 0 }) {
  canvas.width = map.width + margin.left + margin.right;
  canvas.height = map.height + margin.top + margin.bottom;
  const image = new ImageData(canvas.width, canvas.height);
  const colour = map.names.length === 3 && map.names[0] in TINTS;
  const planes = colour ? map.planes : Array(3).fill(map.planes[channel]);
  const ends = scaleOfMap(colour ? map : { ...map, planes: [map.planes[channel]] });
  let at = 0;
  for (let row = -margin.top; row < map.height + margin.bottom; row++) {
    for (let column = -margin.left; column < map.width + margin.right; column++, at += 4) {
      const inside = row >= 0 && row < map.height && column >= 0 && column < map.width;
      if (inside && row * map.width + column >= shown) continue;
      const values = planes.map((plane) => pixelAt(map, plane, row, column, border, constant));
      if (values.some((value) => value === null || Number.isNaN(value))) continue;
      values.forEach((value, number) => (image.data[at + number] = levelOf(value, ends)));
      image.data[at + 3] = inside ? 255 : 120;
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}
