// Panes: a map that can be pointed at, with the window drawn over it.

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const NO_MARGIN = { top: 0, bottom: 0, left: 0, right: 0 };

class Pane {
  /**
   * `onPoint(row, column)` hears of the pixel under a pointer or finger, `onKey(event)` of keys. A pane that does not
   * follow the pointer hears of clicks alone.
   */
  constructor(figure, { onPoint, onKey, follows = true }) {
    this.figure = figure;
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.marks = drawn("svg", { "aria-hidden": "true", preserveAspectRatio: "none" });
    this.frame = element("div", { class: "frame", role: "application", tabindex: "0" }, this.canvas, this.marks);
    this.frame.setAttribute("aria-roledescription", "picture");
    if (byId("keys")) this.frame.setAttribute("aria-describedby", "keys");
    this.caption = element("figcaption");
    figure.replaceChildren(this.frame, this.caption);
    this.margin = NO_MARGIN;
    this.held = false;
    this.frame.addEventListener("keydown", onKey);
    if (!follows) {
      this.frame.addEventListener("click", (event) => onPoint(...this.#place(event)));
      return;
    }
    this.frame.addEventListener("pointerdown", (event) => this.#pressed(event, onPoint));
    this.frame.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse" ? !this.held : event.buttons) onPoint(...this.#place(event));
    });
  }

  /** A click holds the window where it is, the next one lets it go; a finger always moves it. */
  #pressed(event, onPoint) {
    if (event.pointerType === "mouse") this.held = !this.held;
    else this.frame.setPointerCapture(event.pointerId);
    onPoint(...this.#place(event));
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.canvas.height) - this.margin.top;
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.canvas.width) - this.margin.left;
    return [Math.min(Math.max(row, 0), this.map.height - 1), Math.min(Math.max(column, 0), this.map.width - 1)];
  }

  /** Draws a map; `how` as `paint` takes it. */
  show(map, title, how = {}) {
    this.map = map;
    this.margin = how.margin ?? NO_MARGIN;
    paint(this.canvas, map, { ...how, margin: this.margin });
    const { top, left } = this.margin;
    const [wide, high] = [this.canvas.width, this.canvas.height];
    this.frame.style.aspectRatio = `${wide} / ${high}`;
    this.marks.setAttribute("viewBox", `${-left} ${-top} ${wide} ${high}`);
    const size = `${map.height} \u00d7 ${map.width}`;
    this.caption.replaceChildren(element("strong", {}, title), ` ${size}`);
    this.frame.setAttribute("aria-label", `${title}, ${map.height} rows, ${map.width} columns`);
  }

  /** Marks rectangles: {row, column, height, width, kind}. */
  mark(rectangles) {
    this.marks.replaceChildren(
      ...rectangles.map(({ row, column, height = 1, width = 1, kind }) =>
        drawn("rect", { x: column, y: row, width, height, class: kind, "vector-effect": "non-scaling-stroke" })
      )
    );
  }
}

/** The rectangles of a window: its outline, its taps where they lie apart, and the pixels that a border puts in it. */
function windowMarks(map, axes, at, border) {
  const [rows, columns] = axes.map((one, number) => positions(one, at[number]));
  const outline = { row: rows[0], column: columns[0], height: axes[0].effective, width: axes[1].effective };
  const found = [{ ...outline, kind: "halo" }, { ...outline, kind: "outline" }];
  if (rows.length * columns.length > 200) return found;
  for (const row of rows) {
    for (const column of columns) {
      if (axes[0].dilation > 1 || axes[1].dilation > 1) found.push({ row, column, kind: "tap" });
      const beyond = row < 0 || row >= map.height || column < 0 || column >= map.width;
      const [y, x] = border && beyond ? [standsAt(border, row, map.height), standsAt(border, column, map.width)] : [-1, -1];
      if (beyond && y >= 0 && x >= 0) found.push({ row: y, column: x, kind: "source" });
    }
  }
  return found;
}
