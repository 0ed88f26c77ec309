// Measures rule engines that we did not write beside `offhook bench table`, on the same table and the
// same observations.
//
//     node bench.mjs PROGRAM WORK_DIR [--quick] [--json]     (see bench.sh)
//
// CPU time of the whole process, the best of several windows. An engine is asked by names, as
// `decide_named` is; every answer is held against ours, outside of the windows. What an engine puts
// off from loading to its first decisions is in neither figure, since the best window is a later one. A
// load of ours examines the checksum and every rule; theirs check next to nothing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dmn, Jdm, JsonLogic, parseDmn } from './engines.mjs';
import { decideOurs, exported, run } from './program.mjs';
import { sampled } from './states.mjs';

/** The observations of `offhook bench table`, by its seed. */
const N_OBSERVATIONS = 4096;
const SEED = 1;
const [program, work, ...options] = process.argv.slice(2);
const asJson = options.includes('--json');
const isQuick = options.includes('--quick');

const WINDOW_US = 20_000;
const ALL_WINDOWS_MS = isQuick ? 200 : 4_000;
const MIN_DECISIONS = isQuick ? 8 : 32;
const N_LOADS = isQuick ? 3 : 20;

/** Every cell of a row is evaluated anew until one does not match, as nobody's loop remembers for it. */
class PlainDmn extends Dmn {
  decideOne(observation) {
    const inputs = this.inputs.map(({ text }) => this.input(text, observation[text] ?? null));
    return this.answer(this.rows.filter((row) => row.cells.every((cell, idx) => this.takes(cell, inputs[idx]))));
  }
}

/** What it does in microseconds of CPU time. */
async function cpuUs(work) {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return [result, user + system];
}

/** Nanoseconds a decision, and decisions in all; throws at a wrong one. */
async function decisions(engine, observations, expected) {
  let [best, n, at, size] = [Infinity, 0, 0, 1];
  const end = performance.now() + ALL_WINDOWS_MS;
  while (performance.now() < end || best === Infinity || n < MIN_DECISIONS) {
    const some = observations.slice(at, at + size);
    const [found, us] = await cpuUs(() => engine.decide(some));
    found.forEach(({ action, rule }, k) => {
      const ours = expected[at + k];
      if (action !== ours.action || rule !== ours.rule) throw new Error(`${engine.name}: ${action} by ${rule}, expected ${ours.action} by ${ours.rule}`);
    });
    n += some.length;
    at = at + size < observations.length ? at + size : 0;
    if (us >= WINDOW_US || some.length === observations.length) best = Math.min(best, (1000 * us) / some.length);
    else size = Math.min(2 * size, observations.length);
  }
  return { metric: 'table.ns_per_named_decision', value: best, n, unit: 'ns' };
}

/** Microseconds from the text of a file to an engine that can decide. */
async function loads(load) {
  let best = Infinity;
  for (let k = 0; k < N_LOADS; k += 1) best = Math.min(best, (await cpuUs(load))[1]);
  return { metric: 'table.load_us', value: best, n: N_LOADS, unit: 'us' };
}

const source = join(work, 'bench.json');
const records = run(program, ['bench', 'table', '--json', '--out', source]).trim().split('\n').map((line) => JSON.parse(line));
for (const record of records) record.where = { engine: 'offhook', ...record.where };
const ours = (metric, format) => records.find((record) => record.metric === metric && record.where.format === format).value;
const named = ours('table.ns_per_named_decision');
const loaded = ours('table.load_us', 'json');

const table = JSON.parse(readFileSync(source, 'utf8'));
const texts = Object.fromEntries(['dmn', 'jdm', 'jsonlogic'].map((format) => [format, exported(program, source, format, join(work, `bench.${format}`))]));
const draws = sampled(table, SEED);
const states = Array.from({ length: N_OBSERVATIONS }, () => draws.next().value);
const expected = decideOurs(program, work, source, table.features, states);
const peers = [
  [async () => new Dmn(await parseDmn(texts.dmn)), 'feelin + dmn-moddle, cells remembered'],
  [async () => new PlainDmn(await parseDmn(texts.dmn)), 'feelin + dmn-moddle'],
  [async () => new Jdm(texts.jdm), 'zen-engine'],
  [async () => new JsonLogic(texts.jsonlogic), 'json-logic-js'],
];
for (const [load, name] of peers) {
  const engine = await load();
  const inputs = engine.inputs ?? new Dmn(await parseDmn(texts.dmn)).inputs;
  const idxs = inputs.map(({ label }) => table.features.findIndex((feature) => feature.name === label));
  const observations = states.map((state) => Object.fromEntries(idxs.map((idx, k) => [inputs[k].text, state[idx]])));
  for (const [record, unit] of [[await decisions(engine, observations, expected), named], [await loads(load), loaded]]) {
    records.push({ ...record, ratio: record.value / unit, where: { engine: name } });
  }
}

if (asJson) {
  for (const record of records) console.log(JSON.stringify(record));
} else {
  const number = (value) => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
  for (const { metric, value, unit, n, ratio, where: { engine, format = '' } } of records) {
    const place = [engine, format].filter(Boolean).join(', ');
    console.log(`${metric.padEnd(29)}${place.padEnd(40)}${`${number(value)} ${unit}`.padStart(16)}${(ratio ? `${number(ratio)} times ours` : '').padStart(20)}   n ${number(n)}`);
  }
  console.log(`CPU time, best window; ${table.rules.length} rules, ${table.features.length} inputs; ratios to ours from names and to ours from JSON; every answer was right`);
}
