// Gallery: the maps of every step as panes.

const MOST_PANES = 64;
const bytesOf = (data) => Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));

/** A map of the page with its planes, or with its pictures (`previews`) where it has no numbers. */
function unpacked(map) {
  const { height, width, channels, preview, data } = map;
  const names = map.names.length ? map.names : Array(channels).fill("");
  if (!preview) return { ...map, ...decoded({ ...map, names: Array(channels).fill("") }), names };
  const [rows, columns, count] = preview;
  const bytes = bytesOf(data);
  const previews = Array.from({ length: count }, (_, channel) =>
    Float64Array.from({ length: rows * columns }, (_unused, at) => bytes[at * count + channel])
  );
  return { ...map, names, planes: null, previews, shown: { height: rows, width: columns }, height, width };
}

const weightsOf = ({ shape, data }) => ({ shape, values: new Float32Array(bytesOf(data).buffer) });

/** A step with its weights as numbers. */
function readStep(step) {
  const found = { ...step };
  for (const role of ["weight", "bias"]) if (step[role]) found[role] = weightsOf(step[role]);
  return found;
}

const isVector = (map) => map.height === 1 && map.width === 1 && map.channels > 1;

/** What a pane draws of a map: one channel, or a vector's values in rows. */
function drawnOf(map, channel) {
  if (isVector(map) && map.planes) {
    const count = map.channels;
    const width = count <= 40 ? count : Math.ceil(Math.sqrt(count * 8));
    const values = map.planes.map((plane) => plane[0]);
    const plane = Float64Array.from({ length: Math.ceil(count / width) * width }, (_, at) => values[at] ?? NaN);
    return { height: plane.length / width, width, type: map.scale, names: [""], planes: [plane] };
  }
  const size = map.planes ? map : map.shown;
  const plane = map.planes ? map.planes[channel] : map.previews[channel];
  return { height: size.height, width: size.width, type: map.planes ? map.scale : "uint8", names: [""], planes: [plane] };
}

class Gallery {
  /** `chosen(number, {channel, at})` hears of the pixel that is pointed at, `pressed(number, event)` of keys. */
  constructor(place, maps, { chosen, pressed, labels }) {
    this.maps = maps;
    this.panes = maps.map((map, number) => this.#section(place, map, number, { chosen, pressed, labels }));
  }

  #section(place, map, number, { chosen, pressed, labels }) {
    const channels = isVector(map) ? (map.planes ? 1 : 0) : Math.min(map.planes ? map.channels : map.previews.length, MOST_PANES);
    const size = `${map.height} \u00d7 ${map.width}${map.channels > 1 ? ` \u00d7 ${map.channels}` : ""}`;
    const more = channels && !isVector(map) && channels < map.channels ? `, the first ${channels} maps` : "";
    const head = element("h2", { id: `step-${number}` }, map.title, element("small", {}, `${size}${more}${map.planes ? "" : ", pictures alone"}`));
    const panes = element("div", { class: "panes" });
    const kind = isVector(map) ? "vector" : channels === 1 ? "one" : channels <= 3 ? "few" : "many";
    place.append(element("section", { class: `step ${kind}`, "aria-labelledby": `step-${number}` }, head, panes));
    const found = Array.from({ length: channels }, (_, channel) => {
      const figure = element("figure", { class: "pane" });
      panes.append(figure);
      return this.#pane(figure, map, number, channel, { chosen, pressed });
    });
    if (isVector(map) && map.planes && number === this.maps.length - 1 && labels.length) panes.after(this.#outputs(map, labels));
    return found;
  }

  #pane(figure, map, number, channel, { chosen, pressed }) {
    const onPoint = (row, column) => chosen(number, this.#placeOf(map, channel, row, column));
    const pane = new Pane(figure, { onPoint, onKey: (event) => pressed(number, event), follows: false });
    const shown = drawnOf(map, channel);
    const name = isVector(map) ? "values" : map.names[channel] || `map ${channel}`;
    pane.show(shown, name, { margin: NO_MARGIN });
    const range = endsOf(shown).map((end) => digits(end, 3)).join(" \u2026 ");
    const title = map.channels > 1 && !isVector(map) ? [element("strong", {}, name), " "] : [];
    pane.caption.replaceChildren(...title, element("span", {}, map.planes ? range : ""));
    pane.frame.setAttribute("aria-label", `${map.title}, ${name}`);
    return pane;
  }

  /** The pixel of a map under a pixel of its pane. */
  #placeOf(map, channel, row, column) {
    if (isVector(map)) return { channel: Math.min(row * drawnOf(map, 0).width + column, map.channels - 1), at: [0, 0] };
    if (map.planes) return { channel, at: [row, column] };
    const scaled = (at, shown, n) => (shown === 1 ? 0 : Math.round((at * (n - 1)) / (shown - 1)));
    return { channel, at: [scaled(row, map.shown.height, map.height), scaled(column, map.shown.width, map.width)] };
  }

  /** A network's outputs with what they stand for, greatest first. */
  #outputs(map, labels) {
    const values = map.planes.map((plane, number) => [labels[number], plane[0]]).sort((one, other) => other[1] - one[1]);
    const rows = values.slice(0, 10).map(([label, value], place) =>
      element("li", { class: place ? null : "first" }, element("span", {}, label), element("span", {}, digits(value, 4)))
    );
    return element("ol", { class: "outputs", "aria-label": "Outputs, greatest first" }, ...rows);
  }

  /** Marks in every map the part that a pixel comes from. */
  mark(regions) {
    this.maps.forEach((map, number) => {
      const region = regions[number];
      this.panes[number].forEach((pane, channel) => {
        const seen = region && (isVector(map) || !region.channels || region.channels.includes(channel));
        pane.mark(seen ? this.#outlines(map, region) : []);
        pane.frame.tabIndex = region && number === regions.length - 1 ? (seen ? 0 : -1) : channel ? -1 : 0;
      });
    });
  }

  #outlines(map, { rows, columns, channels }) {
    const box = isVector(map) ? this.#cellsOf(map, channels) : this.#boxOf(map, rows, columns);
    return [{ ...box, kind: "halo" }, { ...box, kind: "outline" }];
  }

  #cellsOf(map, channels) {
    const { height, width } = drawnOf(map, 0);
    if (channels?.length !== 1) return { row: 0, column: 0, height, width };
    return { row: Math.floor(channels[0] / width), column: channels[0] % width };
  }

  #boxOf(map, rows, columns) {
    const shares = map.planes ? [1, 1] : [map.shown.height / map.height, map.shown.width / map.width];
    const [height, width] = [rows, columns].map(([first, last], side) => (last - first + 1) * shares[side]);
    return { row: rows[0] * shares[0], column: columns[0] * shares[1], height, width };
  }
}
