// Numbers: as they are typed, exactly; and as they are shown.

/** A whole number, decimal or fraction as {above, below} of BigInts with below > 0; null for anything else. */
function fraction(text) {
  const parts = String(text).trim().replace("\u2212", "-").split("/").map(decimal);
  if (parts.length > 2 || parts.includes(null)) return null;
  const [one, other = { above: 1n, below: 1n }] = parts;
  if (other.above === 0n) return null;
  return lowest(one.above * other.below, one.below * other.above);
}

function decimal(text) {
  const found = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d{1,3}))?$/i.exec(text.trim());
  if (!found || !(found[2] + found[3])) return null;
  const [, sign, whole, behind, exponent = "0"] = found;
  const digits = BigInt(whole + behind) * (sign === "-" ? -1n : 1n);
  const power = Number(exponent) - behind.length;
  const ten = 10n ** BigInt(Math.abs(power));
  return power < 0 ? lowest(digits, ten) : { above: digits * ten, below: 1n };
}

function lowest(above, below) {
  const common = gcd(above, below) * (below < 0n ? -1n : 1n);
  return { above: above / common, below: below / common };
}

function gcd(one, other) {
  let [a, b] = [one < 0n ? -one : one, other < 0n ? -other : other];
  while (b) [a, b] = [b, a % b];
  return a || 1n;
}

const lcm = (one, other) => (one / gcd(one, other)) * other;

/** The nearest double of a typed number; NaN where it is none. */
function valueOf(text) {
  const found = fraction(text);
  if (!found) return NaN;
  return String(text).includes("/") ? Number(found.above) / Number(found.below) : Number(String(text).trim().replace("\u2212", "-"));
}

const withMinus = (text) => text.replace("-", "\u2212");

/** A number with so many significant digits at most, zeros at its end left out. */
function digits(value, most) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "\u221e" : "\u2212\u221e";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return withMinus(String(value));
  return withMinus(String(Number(value.toPrecision(most))));
}

/** A number in a cell: four significant digits unless it is whole. */
const brief = (value) => digits(value, 4);

/** A number in a line of its own. */
const full = (value) => digits(value, 10);
