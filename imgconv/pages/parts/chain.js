// Chain: the steps that the settings ask for, computed one after the other, and as the text of a pipeline.

/** Settings as they are typed become stages {kind, step, axes, input, output}; an Error says what does not fit. */
function stagesOf(picture, settings) {
  const stages = [];
  if (settings.kernel) stages.push(filterStage(picture, settings));
  if (settings.pool) stages.push(poolStage(stages.length ? stages[0].output : picture, settings.pool));
  return stages;
}

function windowOf(size, { stride, dilation, pad }, anchor = null, ceil = false) {
  const window = { size, stride: pair(stride, 1), dilation: pair(dilation, 1), pad: padding(pad), anchor, ceil };
  if (!window.stride || !window.dilation || !window.pad) throw new Error("Stride, dilation and padding are whole numbers.");
  return window;
}

function filterStage(input, settings) {
  const { rows, anchor } = settings.kernel;
  const constant = valueOf(settings.constant);
  if (Number.isNaN(constant)) throw new Error("The border\u2019s value is a number.");
  const window = windowOf([rows.length, rows[0].length], settings, anchor);
  const greatest = Math.max(greatestOf(input), Math.abs(constant));
  const step = { kernel: kernelOf(settings.kernel, greatest), window, border: settings.border, constant };
  const response = filtered(input, step);
  const output = settings.activation === "none" ? response : activated(response, settings.activation);
  return { kind: "filter", step, axes: placed(window, input.height, input.width), input, output, activation: settings.activation };
}

function poolStage(input, pool) {
  const size = pool.size === "all" ? [input.height, input.width] : pair(pool.size, 1);
  if (!size) throw new Error("The size of a pooling window is a whole number.");
  const window = windowOf(size, { ...pool, stride: pool.stride || size.join("x") }, null, pool.ceil);
  const step = { kind: pool.kind, countPadding: pool.countPadding, window };
  const axes = placed(window, input.height, input.width);
  return { kind: "pool", step, axes, input, output: pooled(input, step) };
}

// ------------------------------------------------------------------ as text

/** name=value for each that is not its default. */
const fields = (values, defaults) =>
  Object.entries(values)
    .filter(([name, value]) => value && value !== defaults[name])
    .map(([name, value]) => [name, value]);

function filterFields({ kernel, border, constant, stride, dilation, pad }) {
  const edge = border === "constant" ? `constant:${constant}` : border;
  const own = kernel.name ? {} : { divisor: kernel.divisor, bias: kernel.bias, anchor: kernel.anchor?.join(",") };
  const defaults = { border: "edge", stride: "1", dilation: "1", pad: "same", divisor: "1", bias: "0" };
  return fields({ border: edge, stride, dilation, pad, ...own }, defaults);
}

function poolFields({ kind, size, stride, dilation, pad, ceil, countPadding }) {
  const flags = { ceil, "count-padding": countPadding };
  const defaults = { kind: "max", stride: size, dilation: "1", pad: "valid" };
  return fields({ kind, size, stride, dilation, pad: pad === "0" ? "valid" : pad, ...flags }, defaults);
}

const kernelText = ({ name, rows }) => name || rows.map((row) => row.map((text) => text.trim().replace("\u2212", "-")).join(" ")).join("; ");

/** The pipeline of the settings: `filter '-1 0 1; -1 0 1; -1 0 1' stride=2 | relu | pool size=3`. */
function pipelineText(settings) {
  const written = ([name, value]) => (value === true ? name : `${name}=${value}`);
  const { kernel, pool, activation } = settings;
  const steps = [];
  if (kernel) {
    const text = kernelText(kernel);
    steps.push(["filter", kernel.name ? text : `'${text}'`, ...filterFields(settings).map(written)].join(" "));
    if (activation !== "none") steps.push(activation);
  }
  if (pool) steps.push(["pool", ...poolFields(pool).map(written)].join(" "));
  return steps.join(" | ");
}

/** The command that does the same to an image, of which `command` says name, options and where the result goes. */
function commandText(settings, command) {
  const written = ([name, value]) => (value === true ? `--${name}` : `--${name} ${value}`);
  const { kernel, pool, activation, range, rounding } = settings;
  const words = ["imgconv"];
  if (kernel && activation === "none" && !pool) {
    words.push("filter", kernel.name || `"${kernelText(kernel)}"`, ...filterFields(settings).map(written));
  } else if (pool && !kernel) words.push("pool", ...poolFields(pool).map(written));
  else words.push("run", `"${pipelineText(settings)}"`);
  if (range !== "clamp") words.push("--range", range);
  if (rounding !== "half-up") words.push("--rounding", rounding);
  return [...words, command.options, command.image, "-o", command.output].filter(Boolean).join(" ");
}
