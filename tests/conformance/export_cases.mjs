// Writes the conformance cases as one JSON list: {path, index, name, expr, …} as the data has them.
import { writeFileSync } from "node:fs";
import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";

const cases = [];
function walk(suite, path) {
  (suite.tests ?? []).forEach((test, index) => cases.push({ path, index, ...test.original }));
  for (const inner of suite.suites ?? []) walk(inner, path ? `${path}/${inner.name}` : inner.name);
}
walk(tests, "");
writeFileSync(process.argv[2], JSON.stringify(cases));
console.log(`${cases.length} cases`);
