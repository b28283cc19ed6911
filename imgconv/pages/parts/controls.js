// Controls: the form that holds the settings of a lesson.

const PADS = ["same", ["valid", "none"], "1", "2", "3"];
const POOL_PADS = [["valid", "none"], "same", "1", "2"];
const BORDERS = ["edge", "reflect", "reflect101", "wrap", ["zero", "zero"], ["constant", "a constant"]];
const KINDS = ["max", "avg", "min", "median", "sum", "range"];
const NONE = ["none", "none"];
const OWN = ["", "edited"];

/** The names of kernels, grouped by family. */
function families(presets) {
  const names = [...new Set(presets.map(({ family }) => family))];
  return names.map((label) => {
    const own = presets.filter(({ family }) => family === label);
    return element("optgroup", { label }, ...own.map(({ name }) => element("option", { value: name }, name)));
  });
}

class Controls {
  /** The form, filled with settings; `changed` hears of every change. */
  constructor(start, presets, changed) {
    this.presets = presets;
    this.changed = changed;
    fill(byId("preset"), [NONE, OWN]);
    byId("preset").append(...families(presets));
    fill(byId("stride"), ["1", "2", "3", "4"]);
    fill(byId("pad"), PADS);
    fill(byId("dilation"), ["1", "2", "3"]);
    fill(byId("border"), BORDERS);
    fill(byId("activation"), [NONE, ...Object.keys(ACTIVATIONS).slice(1)]);
    fill(byId("range"), ["clamp", "abs", "shift", "stretch"]);
    fill(byId("rounding"), Object.keys(ROUNDINGS));
    fill(byId("pool-kind"), [NONE, ...KINDS]);
    fill(byId("pool-size"), ["2", "3", "4", ["all", "the whole map"]]);
    fill(byId("pool-stride"), [["", "the size"], "1", "2", "3"]);
    fill(byId("pool-pad"), POOL_PADS);
    this.#listen(start);
    this.put(start);
  }

  #listen(start) {
    const form = byId("settings");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      this.put(start);
      this.changed();
    });
    form.addEventListener("input", ({ target }) => this.#edited(target));
    byId("turn").addEventListener("click", () => {
      if (!this.kernel) return;
      const { rows, anchor } = this.kernel;
      const turned = anchor && [rows.length - 1 - anchor[0], rows[0].length - 1 - anchor[1]];
      this.#use({ ...this.kernel, name: "", rows: rows.map((row) => row.toReversed()).toReversed(), anchor: turned });
      this.changed();
    });
  }

  #edited({ id }) {
    if (id === "preset") this.#choose(byId("preset").value);
    if (id === "rows" || id === "columns") this.#resize();
    if (id === "divisor" || id === "bias") this.#own({ [id]: byId(id).value });
    if (!this.kernel && byId("pool-kind").value === "none") byId("pool-kind").value = "max";
    this.changed();
  }

  #choose(name) {
    if (name === "none") this.#use(null);
    else if (name) this.#use({ ...this.presets.find((one) => one.name === name) });
  }

  /** The kernel with other cells around it or without its last ones; a stated anchor is dropped. */
  #resize() {
    const [high, wide] = ["rows", "columns"].map((id) => Math.min(Math.max(Math.round(Number(byId(id).value)) || 1, 1), 33));
    const { rows } = this.kernel;
    const cells = Array.from({ length: high }, (_, i) => Array.from({ length: wide }, (_unused, j) => rows[i]?.[j] ?? "0"));
    this.#use({ ...this.kernel, name: "", rows: cells, anchor: null });
  }

  /** Another cell, divisor or bias makes it a kernel of one's own. */
  #own(part) {
    this.kernel = { ...this.kernel, ...part, name: "" };
    byId("preset").value = "";
    byId("preset-summary").textContent = "";
  }

  #use(kernel) {
    this.kernel = kernel;
    byId("preset").value = kernel ? kernel.name : "none";
    if (byId("preset").selectedIndex < 0) byId("preset").value = "";
    byId("preset-summary").textContent = this.presets.find((one) => one.name === kernel?.name)?.summary ?? "";
    for (const id of ["rows", "columns", "divisor", "bias", "turn", "activation"]) byId(id).disabled = !kernel;
    byId("filter-window").disabled = !kernel;
    if (kernel) {
      [byId("rows").value, byId("columns").value] = [kernel.rows.length, kernel.rows[0].length];
      for (const id of ["divisor", "bias"]) byId(id).value = withMinus(kernel[id]);
    }
    this.#cells();
  }

  /** The kernel as a table of fields; each shows its weight in full while it is edited. */
  #cells() {
    const made = this.kernel && table("Kernel", this.kernel.rows.map((row) => row.map(() => ({ text: "" }))));
    this.fields = made ? [...made.querySelectorAll("tbody tr")].map((line, i) => this.#line(line, i)) : [];
    byId("kernel").replaceChildren(...(made ? [made] : []));
    this.shade();
  }

  #line(line, i) {
    return [...line.cells].map((cell, j) => {
      const label = `Weight in row ${i + 1}, column ${j + 1}`;
      const field = element("input", { type: "text", inputmode: "text", spellcheck: "false", autocomplete: "off", "aria-label": label });
      const text = () => this.kernel.rows[i][j];
      const shown = () => (Number.isNaN(valueOf(text())) ? text() : text().length > 6 ? brief(valueOf(text())) : withMinus(text()));
      field.value = shown();
      field.addEventListener("focus", () => ((field.value = text()), field.select()));
      field.addEventListener("blur", () => (field.value = shown()));
      field.addEventListener("input", (event) => {
        event.stopPropagation();
        this.#own({ rows: this.kernel.rows.map((row, y) => row.map((old, x) => (y === i && x === j ? field.value : old))) });
        this.shade();
        this.changed();
      });
      cell.replaceChildren(field);
      return field;
    });
  }

  /** Fields on swatches: blue below 0, red above. */
  shade() {
    if (!this.kernel) return;
    const values = this.kernel.rows.map((row) => row.map(valueOf));
    const most = Math.max(...values.flat().map(Math.abs).filter(Number.isFinite), 0);
    this.fields.forEach((row, i) =>
      row.forEach((field, j) => {
        field.setAttribute("aria-invalid", String(Number.isNaN(values[i][j])));
        onSwatch(field.parentElement, signed(values[i][j], most));
      })
    );
  }

  /** Settings into the form. */
  put(settings) {
    const { border, constant, stride, dilation, pad, activation, range, rounding, pool } = settings;
    const zero = border === "constant" && valueOf(constant) === 0;
    const values = { border: zero ? "zero" : border, constant, stride, dilation, pad, activation, range, rounding };
    values["pool-kind"] = pool ? pool.kind : "none";
    this.poolDilation = pool?.dilation ?? "1";
    if (pool) Object.assign(values, { "pool-size": pool.size, "pool-stride": pool.stride, "pool-pad": pool.pad });
    for (const [id, value] of Object.entries(values)) choose(byId(id), value);
    byId("ceil").checked = pool?.ceil ?? false;
    byId("count-padding").checked = pool?.countPadding ?? false;
    this.#use(settings.kernel);
  }

  /** The settings that the form holds. */
  get settings() {
    const value = (id) => byId(id).value;
    const [border, kind] = [value("border"), value("pool-kind")];
    const pool = {
      kind,
      size: value("pool-size"),
      stride: value("pool-stride"),
      dilation: this.poolDilation,
      pad: value("pool-pad"),
      ceil: byId("ceil").checked,
      countPadding: byId("count-padding").checked,
    };
    byId("constant-label").hidden = border !== "constant";
    for (const id of ["pool-size", "pool-stride", "pool-pad", "ceil"]) byId(id).disabled = kind === "none" || (id !== "pool-size" && pool.size === "all");
    byId("count-padding").disabled = kind !== "avg";
    if (pool.size === "all") Object.assign(pool, { stride: "", pad: "valid", ceil: false });
    return {
      kernel: this.kernel,
      border: border === "zero" ? "constant" : border,
      constant: border === "zero" ? "0" : value("constant"),
      stride: value("stride"),
      dilation: value("dilation"),
      pad: value("pad"),
      activation: value("activation"),
      range: value("range"),
      rounding: value("rounding"),
      pool: kind === "none" ? null : pool,
    };
  }
}
