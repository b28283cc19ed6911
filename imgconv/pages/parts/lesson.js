// Lesson: a picture, one filter, an activation and a pooling, and the pixel that is looked at.

class Lesson {
  constructor(data) {
    this.data = data;
    this.picture = decoded(data.image);
    this.at = data.at;
    this.number = 0; // of the stage that is looked at
    this.channel = 0;
    this.filled = Infinity; // products that are shown
    this.shown = Infinity; // pixels of the result that are shown
    this.#panes();
    this.#transport();
    this.controls = new Controls(data.settings, data.presets, () => this.compute());
    this.compute();
  }

  get stage() {
    return this.stages[this.number];
  }

  get target() {
    return { type: this.data.type, range: this.settings.range, rounding: this.settings.rounding };
  }

  // ---------------------------------------------------------------- what there is to do

  #panes() {
    const onKey = (event) => this.#pressed(event);
    const pane = (id, onPoint) => new Pane(byId(id), { onPoint, onKey });
    this.before = pane("before", (row, column) => {
      const first = this.stages[0].axes;
      this.look(0, [nearestOutput(first[0], row), nearestOutput(first[1], column)]);
    });
    this.outputs = [pane("after", (...at) => this.look(0, at)), pane("behind", (...at) => this.look(1, at))];
    this.outputs.forEach((one, number) => one.frame.addEventListener("focus", () => this.#focused(number)));
  }

  #focused(number) {
    if (number === this.number || !this.stages[number]) return;
    const { axes } = this.stages[1];
    const at = this.at.map((one, side) => (number ? nearestOutput(axes[side], one) : Math.max(0, positions(axes[side], one)[0])));
    this.look(number, at);
  }

  #transport() {
    this.player = new Player(byId("play"), byId("speed"), {
      started: () => this.#started(),
      advance: (speed) => this.#advance(speed),
      stopped: () => this.#say(),
    });
    for (const [side, id] of ["row", "column"].entries()) {
      byId(id).addEventListener("input", () => this.look(this.number, [Number(byId("row").value), Number(byId("column").value)]));
      byId(id).addEventListener("change", () => {
        byId(id).value = this.at[side];  // what was typed may lie outside
      });
    }
    const { names } = this.picture;
    fill(byId("channel"), names.map((name, number) => [String(number), name]));
    byId("channel-label").hidden = names.length === 1;
    byId("channel").addEventListener("input", ({ target }) => {
      this.channel = Number(target.value);
      this.draw();
    });
  }

  #pressed(event) {
    const { key, shiftKey } = event;
    const step = STEPS[key];
    if (step) this.look(this.number, this.at.map((one, side) => one + step[side] * (shiftKey ? 10 : 1)));
    else if (key === "Home") this.look(this.number, [this.at[0], 0]);
    else if (key === "End") this.look(this.number, [this.at[0], Infinity]);
    else if (key === " ") this.player.toggle();
    else return;
    event.preventDefault();
  }

  #started() {
    const { height, width } = this.stage.output;
    const last = this.at[0] === height - 1 && this.at[1] === width - 1;
    if (last || this.shown === Infinity) this.at = last ? [0, 0] : this.at;
    this.filled = 0;
    this.shown = this.at[0] * width + this.at[1];
    this.#marks();
  }

  /** One product, pixel or row further; whether there is more. */
  #advance({ products, byRow = false }) {
    const { height, width } = this.stage.output;
    const cells = this.stage.kind === "filter" ? this.stage.step.kernel.weights.flat().length : 0;
    if (products && this.filled < cells) {
      this.filled += 1;
      if (this.filled === cells) this.#reveal(this.at[0] * width + this.at[1] + 1);
      this.#explain();
      return true;
    }
    const here = this.at[0] * width + this.at[1];
    const next = byRow ? (this.at[0] + 1) * width : here + 1;
    if (next >= height * width) {
      this.shown = Infinity;
      this.#maps();
      return false;
    }
    this.at = [Math.floor(next / width), next % width];
    this.filled = products && cells ? 0 : Infinity;
    this.#reveal(next + (products && cells ? 0 : byRow ? width : 1));
    this.draw();
    return true;
  }

  #reveal(shown) {
    this.shown = shown;
    this.#maps();
  }

  /** Moves the window to an output of a stage. */
  look(number, at) {
    if (!this.stages) return;
    this.player.stop();
    this.number = Math.min(number, this.stages.length - 1);
    const { height, width } = this.stage.output;
    const inside = (one, count) => Math.min(Math.max(Math.floor(one) || 0, 0), count - 1);
    this.at = [inside(at[0] === Infinity ? height - 1 : at[0], height), inside(at[1] === Infinity ? width - 1 : at[1], width)];
    this.filled = Infinity;
    if (this.shown !== Infinity) this.#reveal(Infinity);
    this.draw();
    this.#say();
  }

  /** The result as it is written; null where it does not fit. */
  get written() {
    if (!byId("problem").hidden) return null;
    const { height, width, planes } = converted(this.stages.at(-1).output, this.target);
    return { height, width, planes: planes.map((plane) => [...plane]) };
  }

  /** The pipeline that gives the result. */
  get pipeline() {
    return pipelineText(this.settings);
  }

  // ---------------------------------------------------------------- what there is to see

  /** Computes anew with the form's settings; what does not fit is said, and the last result stays. */
  compute() {
    this.settings = this.controls.settings;
    try {
      const stages = stagesOf(this.picture, this.settings);
      const pooling = this.stages && this.stages.length < stages.length && this.stages[0].kind === "filter";
      this.stages = stages;
      if (pooling) this.number = 1;
      byId("problem").hidden = true;
    } catch (error) {
      byId("problem").textContent = error.message;
      byId("problem").hidden = false;
      return;
    }
    this.ends = endsOf(this.stages.at(-1).output);
    this.shown = Infinity;
    this.#maps();
    this.look(this.number, this.at);
    this.#sizes();
    byId("command").textContent = commandText(this.settings, this.data.command);
  }

  #maps() {
    const [first] = this.stages;
    const [down, across] = first.axes;
    const ring = (count, n) => Math.min(count, Math.ceil(n / 4));
    const margin = {
      top: ring(down.before, first.input.height),
      bottom: ring(down.after, first.input.height),
      left: ring(across.before, first.input.width),
      right: ring(across.after, first.input.width),
    };
    const { border = null, constant = 0 } = first.step;
    const { channel } = this;
    this.before.show(this.picture, "Before", { margin, border, constant, channel });
    this.outputs.forEach((pane, number) => {
      const stage = this.stages[number];
      pane.figure.hidden = !stage;
      if (!stage) return;
      const title = stage.kind === "pool" ? "Pooled" : stage.activation === "none" ? "Filtered" : `Filtered, ${stage.activation}`;
      const shown = number === this.number ? this.shown : Infinity;
      pane.show(converted(stage.output, this.target), title, { shown, channel });
    });
  }

  draw() {
    this.#marks();
    this.#explain();
  }

  #marks() {
    const rectangles = this.stages.map(() => []);
    rectangles.push([]);
    const { axes, input, step } = this.stage;
    rectangles[this.number].push(...windowMarks(input, axes, this.at, step.border));
    rectangles[this.number + 1].push({ row: this.at[0], column: this.at[1], kind: "halo" }, { row: this.at[0], column: this.at[1], kind: "outline" });
    if (this.number === 1) rectangles[0].push(...this.#field());
    [this.before, ...this.outputs].slice(0, rectangles.length).forEach((pane, number) => pane.mark(rectangles[number]));
    for (const [id, side] of [["row", 0], ["column", 1]]) {
      if (document.activeElement !== byId(id)) byId(id).value = this.at[side];
      byId(id).max = [this.stage.output.height, this.stage.output.width][side] - 1;
    }
  }

  /** The part of the picture that a pooled pixel depends on. */
  #field() {
    const ends = this.stage.axes.map((one, side) => {
      const first = this.stages[0].axes[side];
      const seen = positions(one, this.at[side]).filter((at) => at >= 0 && at < one.n);
      return [positions(first, seen[0])[0], positions(first, seen.at(-1)).at(-1)];
    });
    const [[top, bottom], [left, right]] = ends;
    const outline = { row: top, column: left, height: bottom - top + 1, width: right - left + 1 };
    return [{ ...outline, kind: "halo" }, { ...outline, kind: "outline" }];
  }

  #explain() {
    const { stage, at, channel } = this;
    const name = this.picture.names[channel];
    const plane = stage.input.planes[channel];
    const seen = cellsOf(stage, plane, at);
    const value = stage.output.planes[channel][at[0] * stage.output.width + at[1]];
    const values = seen.cells.map((row) => row.map((cell) => cell.value));
    const pooling = stage.kind === "pool";
    const what = pooling ? "Pooling" : "The filter";
    byId("arithmetic-title").textContent = `${what} at row ${at[0]}, column ${at[1]}${name === "gray" ? "" : `, ${name}`}`;
    byId("window").replaceChildren(windowTable(stage, name, seen, winnerOf(stage, seen, value)));
    byId("kernel").hidden = byId("products").hidden = pooling;
    byId("equation").classList.toggle("pooling", pooling);
    if (!pooling) byId("products").replaceChildren(productsTable(productsOf(stage.step.kernel, values), this.filled));
    this.lines = pooling ? poolLines(stage, plane, at, value) : filterLines(stage, values, this.filled);
    const complete = pooling || this.filled >= values.flat().length;
    if (complete && this.number === this.stages.length - 1) this.lines.push(...endLines(value, this.target, this.ends));
    else if (complete) this.lines.push(["handed on unrounded", full(value)]);
    definitions(byId("sum"), this.lines);
    byId("remark").textContent = this.#remark(seen);
  }

  #remark({ cells }) {
    if (!cells.flat().some((cell) => cell.beyond)) return "";
    if (this.stage.kind === "pool") return "\u2013 lies beyond the edge, where pooling sees nothing.";
    return `[ ] lies beyond the edge, where the border puts these values: ${this.data.borders[this.stage.step.border]}`;
  }

  #sizes() {
    const parts = this.stages.map(({ kind, axes, step }) => [
      element("h3", {}, kind === "pool" ? "Pooling" : "Filter"),
      element("p", { class: "general" }, generalFormula(step.window)),
      element("p", {}, formula("Rows", axes[0], step.window)),
      element("p", {}, formula("Columns", axes[1], step.window)),
    ]);
    byId("size").replaceChildren(...parts.flat());
  }

  /** Says the pixel to a screen reader. */
  #say() {
    if (!this.lines) return;
    const [first, last] = [this.lines[0], this.lines.at(-1)];
    const parts = this.lines.length > 1 ? [first, last] : [last];
    byId("said").textContent = `Row ${this.at[0]}, column ${this.at[1]}: ${parts.map((one) => one.join(" ")).join(", ")}.`;
  }
}

window.lesson = new Lesson(JSON.parse(byId("data").textContent));
