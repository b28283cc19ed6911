// Tracing: which part of a step's input one part of its result comes from.

/** A part of a map: first and last row and column, and its channels (null: all). */
const wholeOf = (map) => ({ rows: [0, map.height - 1], columns: [0, map.width - 1], channels: null });

const clipped = ([first, last], n) => [Math.min(Math.max(first, 0), n - 1), Math.min(Math.max(last, 0), n - 1)];

/** From the first tap of a region's first window to the last tap of its last one, within the map. */
function tapsAlong(one, [first, last]) {
  return clipped([positions(one, first)[0], positions(one, last).at(-1)], one.n);
}

/** The channels of a convolution's input that some of its outputs see. */
function groupChannels({ groups }, input, output, channels) {
  if (groups === 1 || channels === null) return null;
  const [inputs, outputs] = [input.channels / groups, output.channels / groups];
  const seen = new Set(channels.map((channel) => Math.floor(channel / outputs)));
  return [...seen].flatMap((group) => Array.from({ length: inputs }, (_, number) => group * inputs + number));
}

const TRACED = {
  filter: ({ kernels }, region) => {
    const sides = kernels.map(({ axes }) => [tapsAlong(axes[0], region.rows), tapsAlong(axes[1], region.columns)]);
    const join = (side) => [Math.min(...sides.map((one) => one[side][0])), Math.max(...sides.map((one) => one[side][1]))];
    return { ...region, rows: join(0), columns: join(1) };
  },
  pool: ({ axes, spans }, region) => {
    if (axes) return { ...region, rows: tapsAlong(axes[0], region.rows), columns: tapsAlong(axes[1], region.columns) };
    const along = (side, [first, last]) => [spans[side][first][0], spans[side][last][1] - 1];
    return { ...region, rows: along(0, region.rows), columns: along(1, region.columns) };
  },
  window: ({ axes }, region) => ({
    rows: tapsAlong(axes[0], region.rows),
    columns: tapsAlong(axes[1], region.columns),
    channels: null,
  }),
  conv: (step, region, input, output) => ({
    rows: tapsAlong(step.axes[0], region.rows),
    columns: tapsAlong(step.axes[1], region.columns),
    channels: groupChannels(step, input, output, region.channels),
  }),
  each: (_, region) => region,
  across: (_, region) => ({ ...region, channels: null }),
  shift: ({ by }, { rows, columns, channels }, input) => ({
    rows: clipped(rows.map((row) => row - by[0]), input.height),
    columns: clipped(columns.map((column) => column - by[1]), input.width),
    channels,
  }),
  flatten: ({ shape }, region, input) => {
    if (region.channels?.length !== 1) return wholeOf(input);
    const { row, column, channel } = unflattened(shape, region.channels[0]);
    return { rows: [row, row], columns: [column, column], channels: [channel] };
  },
  dense: (_, _region, input) => wholeOf(input),
  other: (_, _region, input) => wholeOf(input),
};

/** Where a value of a flattened map stood. */
function unflattened([, columns, channels], number) {
  const place = Math.floor(number / channels);
  return { row: Math.floor(place / columns), column: place % columns, channel: number % channels };
}

/** The part of each map from which a pixel of map `number` comes, from that map back to the first. */
function regionsOf(maps, steps, number, { channel, at }) {
  const regions = [];
  regions[number] = { rows: [at[0], at[0]], columns: [at[1], at[1]], channels: [channel] };
  for (let before = number - 1; before >= 0; before--) {
    regions[before] = TRACED[steps[before].kind](steps[before], regions[before + 1], maps[before], maps[before + 1]);
  }
  return regions;
}
