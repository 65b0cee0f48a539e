// Generated expressions with the results of an independent implementation: [{expr, value | error}].
//   node generate_expressions.mjs SEED COUNT OUT.json
import { writeFileSync } from "node:fs";
import { run, isCelError, isCelList, isCelMap, isCelType, isCelUint } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";

const [seedText, countText, out] = process.argv.slice(2);
let state = Number(seedText) >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];

// Left out, because the other implementation is known to be wrong there: years below 100, replacing an empty text, double() of
// text that is no number (NaN, not an error), int() of an empty one (0), -(-x) and
// x % -1 of the least integer, the sign of string(-0.0), dividing unsigned integers beyond 2^63, fractions of a second (written in groups of three digits).
const texts = ["", "a", "b", "abc", "Hello", "x,y,z", "äöü", "  pad ", "12", "-7", "1.5", "true", "a.b", "ÄB", "%", "tacocat"];
const literals = {
  int: () => pick(["0", "1", "2", "-1", "7", "42", "-13", "1000000", "9223372036854775807", "-9223372036854775808", "0x1F"]),
  uint: () => pick(["0u", "1u", "2u", "7u", "42u", "18446744073709551615u", "0xffu"]),
  double: () => pick(["0.0", "1.0", "-1.5", "2.5", "3.25", "1e3", "1e-3", "-0.125", "1e300", "9007199254740993.0"]),
  bool: () => pick(["true", "false"]),
  string: () => JSON.stringify(pick(texts)),
  bytes: () => "b" + JSON.stringify(pick(texts)),
  duration: () => `duration(${JSON.stringify(pick(["1s", "90s", "1h30m", "-5m", "250m", "0s", "3h"]))})`,
  timestamp: () => `timestamp(${JSON.stringify(pick(["2009-02-13T23:31:30Z", "1970-01-01T00:00:00Z", "2026-11-21T22:38:00Z", "1752-09-14T00:00:00Z", "9999-12-31T23:59:59Z", "2024-02-29T12:00:00+05:30"]))})`,
};
const scalars = ["int", "uint", "double", "bool", "string", "bytes"];
const list = (of) => `list ${of}`;
const map = (of) => `map ${of}`;

// Names in scope: [name, type] pairs of the macros around.
function gen(type, depth, names) {
  const known = names.filter(([, t]) => t === type);
  if (known.length && random() < 0.4) return pick(known)[0];
  if (type.startsWith("list ")) return genList(type.slice(5), depth, names);
  if (type.startsWith("map ")) return genMap(type.slice(4), depth, names);
  if (depth <= 0) return literals[type]();
  if (random() < 0.12) return literals[type]();
  const g = (t) => gen(t, depth - 1, names);
  if (random() < 0.1) return `(${g("bool")} ? ${g(type)} : ${g(type)})`;
  if (random() < 0.06) return `${g(list(type))}[${below(3)}]`;
  if (random() < 0.05) return `${g(map(type))}.k${below(3)}`;
  if (random() < 0.04) return `dyn(${g(type)})`;
  return forms[type](g, depth, names);
}
function genList(of, depth, names) {
  const g = (t) => gen(t, depth - 1, names);
  const kind = depth <= 0 ? 0 : below(6);
  const element = fresh(names);
  if (kind === 1) return `(${g(list(of))} + ${g(list(of))})`;
  if (kind === 2) return `${g(list(of))}.filter(${element}, ${gen("bool", depth - 1, [...names, [element, of]])})`;
  if (kind === 3) return `${g(list("int"))}.map(${element}, ${gen(of, depth - 1, [...names, [element, "int"]])})`;
  if (kind === 4) return `${g(list("int"))}.map(${element}, ${gen("bool", depth - 1, [...names, [element, "int"]])}, ${gen(of, depth - 1, [...names, [element, "int"]])})`;
  if (kind === 5 && of === "string") return `${g("string")}.split(${JSON.stringify(pick([",", "a", "", "l"]))})`;
  return `[${Array.from({ length: below(4) }, () => gen(of, Math.max(0, depth - 2), names)).join(", ")}]`;
}
function genMap(of, depth, names) {
  return `{${Array.from({ length: below(4) }, (_, i) => `"k${i}": ${gen(of, Math.max(0, depth - 2), names)}`).join(", ")}}`;
}
let counter = 0;
const fresh = () => `v${counter++}`;

function numeric(type) {
  const operators = type === "double" ? ["+", "-", "*", "/"] : ["+", "-", "*", "/", "%"];
  return (g) => {
    const operator = pick(operators);
    return `(${g(type)} ${operator} ${operator === "%" ? pick(["0", "3", "7"]) : g(type)})`;
  };
}
const forms = {
  int: (g, depth, names) =>
    pick([
      () => numeric("int")(g),
      () => numeric("int")(g),
      () => `-(${literals.int()})`,
      () => `size(${g(pick(["string", "bytes", list("int"), map("int")]))})`,
      () => `int(${g(pick(["uint", "double"]))})`,
      () => `int(${JSON.stringify(pick(["12", "-7", "0", "9223372036854775807", "x", "1.5"]))})`,
      () => `${g("string")}.indexOf(${g("string")})`,
      () => `${g("string")}.lastIndexOf(${g("string")})`,
      () => `${g("timestamp")}.${pick(["getFullYear", "getMonth", "getDayOfMonth", "getDate", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds"])}()`,
      () => `${g("duration")}.${pick(["getHours", "getMinutes", "getSeconds"])}()`,
    ])(),
  uint: (g) => pick([() => `(${g("uint")} ${pick(["+", "-", "*"])} ${g("uint")})`, () => `(${pick(["0u", "7u", "42u"])} ${pick(["/", "%"])} ${pick(["0u", "2u", "13u"])})`, () => `uint(${g(pick(["int", "double"]))})`])(),
  double: (g) => pick([() => numeric("double")(g), () => numeric("double")(g), () => `double(${g(pick(["int", "uint"]))})`, () => `double("${pick(["12", "-7.25", "1e3", "0.1"])}")`, () => `-(${g("double")})`])(),
  bool: (g, depth, names) => {
    const element = fresh();
    const of = pick(["int", "string"]);
    const compared = pick(["int", "uint", "double", "string", "bytes", "bool", "duration", "timestamp"]);
    return pick([
      () => `(${g("bool")} && ${g("bool")})`,
      () => `(${g("bool")} || ${g("bool")})`,
      () => `!(${g("bool")})`,
      () => `(${g(compared)} ${pick(["<", "<=", ">", ">=", "==", "!="])} ${g(compared)})`,
      () => {
        const both = pick([list("int"), map("int"), list("string")]);
        return `(${g(both)} ${pick(["==", "!="])} ${g(both)})`;
      },
      () => `(dyn(${g(pick(["int", "uint", "double"]))}) ${pick(["<", "==", ">=", "!="])} ${g(pick(["int", "uint", "double"]))})`,
      () => `(${g(of)} in ${g(list(of))})`,
      () => `(${g("string")} in ${g(map("int"))})`,
      () => `has(${g(map("int"))}.k${below(3)})`,
      () => `${g(list(of))}.${pick(["all", "exists", "exists_one"])}(${element}, ${gen("bool", depth - 1, [...names, [element, of]])})`,
      () => `${g("string")}.${pick(["contains", "startsWith", "endsWith"])}(${g("string")})`,
      () => `${g("string")}.matches(${JSON.stringify(pick(["a+", "^b", "[0-9]+$", "x|y", "(a|b)c", ".*"]))})`,
      () => `(type(${g(pick(scalars))}) == ${pick(["int", "uint", "double", "string", "bool", "bytes"])})`,
    ])();
  },
  string: (g) =>
    pick([
      () => `(${g("string")} + ${g("string")})`,
      () => `string(${g(pick(["int", "uint", "bool", "duration", "timestamp"]))})`,
      () => `string(${pick(["1.5", "1e300", "1e21", "1e20", "0.000001", "0.00000125", "123456789.0", "9223372036854775808.0", "-2.5", "0.1", "1.0"])})`,
      () => `${g("string")}.${pick(["lowerAscii", "upperAscii", "trim"])}()`,
      () => `${g("string")}.replace(${JSON.stringify(pick(texts.slice(1)))}, ${g("string")})`,
      () => `${g("string")}.substring(${below(3)})`,
      () => `${g("string")}.charAt(${below(4)})`,
      () => `${g(list("string"))}.join(${JSON.stringify(pick([",", "", "--"]))})`,
      () => `"%s:%d".format([${g(pick(["string", "int", "bool"]))}, ${g("int")}])`,
    ])(),
  bytes: (g) => pick([() => `(${g("bytes")} + ${g("bytes")})`, () => `bytes(${g("string")})`])(),
  duration: (g) => pick([() => `(${g("duration")} + ${g("duration")})`, () => `(${g("timestamp")} - ${g("timestamp")})`, () => literals.duration()])(),
  timestamp: (g) => pick([() => `(${g("timestamp")} + ${g("duration")})`, () => literals.timestamp()])(),
};

function written(v) {
  if (v === null) return { nullValue: null };
  if (typeof v === "bigint") return { int64Value: String(v) };
  if (typeof v === "number") return { doubleValue: Number.isFinite(v) ? v : String(v) };
  if (typeof v === "boolean") return { boolValue: v };
  if (typeof v === "string") return { stringValue: v };
  if (v instanceof Uint8Array) return { bytesValue: Buffer.from(v).toString("base64") };
  if (isCelUint(v)) return { uint64Value: String(v.value) };
  if (isCelList(v)) return { listValue: { values: [...v].map(written) } };
  if (isCelMap(v)) return { mapValue: { entries: [...v].map(([key, value]) => ({ key: written(key), value: written(value) })) } };
  if (isCelType(v)) return { typeValue: v.name };
  const name = v.desc.typeName, { seconds, nanos } = v.message;
  return { momentValue: { name, seconds: String(seconds), nanos } };
}

const results = [];
while (results.length < Number(countText)) {
  const type = pick([...scalars, "bool", "string", "int", "duration", "timestamp", list("int"), list("string"), map("int"), map("string")]);
  counter = 0;
  const expr = gen(type, 1 + below(5), []);
  if (expr.length > 2000) continue;
  const result = run(expr, {}, { funcs: strings });
  results.push(isCelError(result) ? { expr, error: result.message } : { expr, value: written(result) });
}
writeFileSync(out, JSON.stringify(results));
const errors = results.filter((one) => one.error !== undefined).length;
console.log(`seed ${seedText}: ${results.length} expressions, ${errors} of them errors`);
