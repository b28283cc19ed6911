// Walk: the maps of every step, the pixel that is looked at, and the way back to the picture.

class Walk {
  constructor(data) {
    this.maps = data.maps.map(unpacked);
    this.steps = data.steps.map(readStep);
    this.chosen = null; // the input map whose products are shown
    this.gallery = new Gallery(byId("gallery"), this.maps, {
      chosen: (number, place) => this.look(number, place),
      pressed: (number, event) => this.#pressed(number, event),
      labels: data.labels,
    });
    this.#form();
    const last = this.maps.at(-1);
    const middle = { channel: 0, at: [Math.floor(last.height / 2), Math.floor(last.width / 2)] };
    this.look(this.maps.length - 1, data.start ?? middle);
  }

  #form() {
    fill(byId("step"), this.maps.map(({ title }, number) => [String(number), title]));
    byId("place").addEventListener("submit", (event) => event.preventDefault());
    byId("place").addEventListener("input", () => {
      const value = (id) => Number(byId(id).value) || 0;
      this.look(value("step"), { channel: value("map"), at: [value("row"), value("column")] });
    });
    byId("place").addEventListener("change", () => this.#fields(true));  // what was typed may lie outside
    byId("back").addEventListener("click", () => this.back());
  }

  #pressed(number, event) {
    const { key, shiftKey } = event;
    const { channel, at } = number === this.number ? this.place : { channel: 0, at: [0, 0] };
    const step = STEPS[key]?.map((one) => one * (shiftKey ? 10 : 1));
    const map = this.maps[number];
    if (step && isVector(map)) this.look(number, { channel: channel + step[1] + step[0] * drawnOf(map, 0).width, at });
    else if (step) this.look(number, { channel, at: [at[0] + step[0], at[1] + step[1]] });
    else if (key === "PageUp" || key === "PageDown") this.look(number, { channel: channel + (key === "PageUp" ? -1 : 1), at });
    else if (key === "Backspace") this.back();
    else return;
    event.preventDefault();
    this.#focus();
  }

  /** The pane of the pixel keeps the keys. */
  #focus() {
    const panes = this.gallery.panes[this.number];
    (isVector(this.maps[this.number]) ? panes[0] : panes[this.place.channel])?.frame.focus();
  }

  /** Looks at a pixel of a map. */
  look(number, { channel, at }) {
    const map = this.maps[number];
    const inside = (one, count) => Math.min(Math.max(Math.floor(one), 0), count - 1);
    this.number = number;
    this.chosen = null;
    this.place = { channel: inside(channel, map.channels), at: [inside(at[0], map.height), inside(at[1], map.width)] };
    this.draw();
  }

  /** To the pixel of the step before that most of this one came from. */
  back() {
    if (this.origin?.from) this.look(this.number - 1, this.origin.from);
  }

  /** What the engine gave for the pixel; undefined where the page has no numbers. */
  get value() {
    const map = this.maps[this.number];
    return map.planes ? valueAt(map, this.place.channel, ...this.place.at) : undefined;
  }

  draw() {
    const { number, place } = this;
    this.gallery.mark(regionsOf(this.maps, this.steps, number, place));
    this.origin = number ? originOf(this.steps[number - 1], this.maps[number - 1], place, this.chosen) : { lines: [], tables: [], from: null };
    const map = this.maps[number];
    const name = map.names[place.channel] || (map.channels > 1 ? (isVector(map) ? `value ${place.channel}` : `map ${place.channel}`) : "");
    const where = isVector(map) ? "" : `row ${place.at[0]}, column ${place.at[1]}`;
    byId("title").textContent = [map.title, name, where].filter(Boolean).join(", ");
    const value = this.value === undefined ? "not on this page" : full(this.value);
    definitions(byId("sum"), [...this.origin.lines, ["value", value]]);
    byId("remark").textContent = this.origin.remark ?? (number ? "" : "This is the picture itself.");
    byId("back").disabled = !this.origin.from;
    byId("equation").replaceChildren(...this.origin.tables.map((one) => element("div", { class: "scroll" }, one)));
    this.#inputs();
    this.#fields();
    byId("said").textContent = `${byId("title").textContent}: ${value}.`;
  }

  /** What each input map adds to the sum; a click shows its products. */
  #inputs() {
    const { inputs } = this.origin;
    byId("inputs").replaceChildren();
    if (!inputs) return;
    const most = Math.max(...inputs.map(({ sum }) => Math.abs(sum)));
    const rows = inputs.map(({ sum }) => [{ text: "" }, { text: brief(sum), tone: signed(sum, most) }]);
    const made = table("What each map adds", rows, null, ["map", "sum"]);
    inputs.forEach(({ channel, shown }, number) => {
      const button = element("button", { type: "button", "aria-pressed": String(shown) }, `map ${channel}`);
      button.addEventListener("click", () => {
        this.chosen = channel;
        this.draw();
        byId("inputs").querySelectorAll("button")[number]?.focus();
      });
      made.tBodies[0].rows[number].cells[0].append(button);
    });
    byId("inputs").append(element("div", { class: "scroll" }, made));
  }

  #fields(typed = false) {
    const { channel, at } = this.place;
    const { channels, height, width } = this.maps[this.number];
    const fields = { step: this.number, map: channel, row: at[0], column: at[1] };
    for (const [id, value] of Object.entries(fields)) if (typed || document.activeElement !== byId(id)) byId(id).value = value;
    for (const [id, most] of [["map", channels], ["row", height], ["column", width]]) {
      byId(id).max = most - 1;
      byId(id).disabled = most === 1;
    }
  }
}

window.walk = new Walk(JSON.parse(byId("data").textContent));
