/**
 * `node summary.mjs FOLDER`: names what has failed, then counts the tests. For each script the folder holds its exit status
 * and, where it came so far, vitest's report. A failure outside of any test counts as one.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const [folder] = process.argv.slice(2);
const scripts = readdirSync(folder)
  .filter((name) => name.endsWith(".status"))
  .map((name) => name.replace(/\.status$/, ""));

let passed = 0;
const failures = scripts.flatMap((script) => {
  const report = readReport(script);
  passed += report.numPassedTests;
  const found = report.testResults.flatMap(failuresOf).map((failure) => `npm run ${script}: ${failure}`);
  const status = readFileSync(join(folder, `${script}.status`), "utf8").trim();
  if (status === "0" || found.length > 0) return found;
  return [`npm run ${script}: ended with status ${status} outside of any test; its output above says why`];
});

for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`tests: ${passed} passed, ${failures.length} failed`);

/** An empty one for a script that ended before its first test. */
function readReport(script) {
  try {
    return JSON.parse(readFileSync(join(folder, `${script}.json`), "utf8"));
  } catch {
    return { numPassedTests: 0, testResults: [] };
  }
}

/** A file's failed tests, or the file itself where it failed before them. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name);
  const tests = assertionResults.filter((test) => test.status === "failed");
  if (tests.length > 0) return tests.map(({ fullName }) => `${file}: ${fullName}`);
  return status === "failed" ? [`${file}: ${message.split("\n")[0] || "could not be set up"}`] : [];
}
