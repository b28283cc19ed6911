// Elements: pieces of the page.

const byId = (id) => document.getElementById(id);

/** An element with attributes and children; a text is a text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Options of a select: texts, or [value, text]. */
function fill(select, options) {
  const rows = options.map((one) => (Array.isArray(one) ? one : [one, one]));
  select.replaceChildren(...rows.map(([value, text]) => element("option", { value }, text)));
}

/** The value of a field; a select gets an option for one that it does not have. */
function choose(field, value) {
  const known = field.options && [...field.options].map((option) => option.value);
  if (known && !known.includes(value)) field.append(element("option", { value }, value));
  field.value = value;
}

/**
 * A table of cells {text, tone, kind, label}: rows and columns have their numbers as headings where `down` and `across`
 * give them.
 */
function table(caption, rows, down = null, across = null) {
  const made = element("table", { class: "cells" }, element("caption", {}, caption));
  if (across) {
    const heads = across.map((head) => element("th", { scope: "col" }, withMinus(String(head))));
    made.append(element("thead", {}, element("tr", {}, ...(down ? [element("td")] : []), ...heads)));
  }
  const body = element("tbody");
  rows.forEach((row, i) => {
    const line = element("tr");
    if (down) line.append(element("th", { scope: "row" }, withMinus(String(down[i]))));
    for (const { text, tone: colour = null, kind = null, label = null } of row) {
      const cell = element("td", { class: kind, "aria-label": label }, text);
      onSwatch(cell, colour);
      line.append(cell);
    }
    body.append(line);
  });
  made.append(body);
  return made;
}

/** Terms and what they are, in a list. */
const definitions = (list, rows) =>
  list.replaceChildren(...rows.map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value))));
