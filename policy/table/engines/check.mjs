// Holds exported tables against engines that we did not write.
//
//     node check.mjs PROGRAM WORK_DIR TABLE...     (see check.sh)
//
// For each table: the engines decide as the program does, at every corner of every cell and at
// 10,000 states sampled over the whole space; the test cases beside the DMN file hold; xmllint
// accepts both files where XSD names the folder of the schemas; dmn-js shows the DMN file without a
// warning; and a table with one altered cell is found out.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Parser } from 'saxen';
import { Dmn, Jdm, JsonLogic, parseDmn, writeDmn } from './engines.mjs';
import { decideOurs, exported, run } from './program.mjs';
import { render } from './render.mjs';
import { broken, states } from './states.mjs';

const N_SAMPLED = 10_000;
const N_BROKEN = 500;
const [program, work, ...tables] = process.argv.slice(2);
const { XSD, CHROMIUM = '/usr/bin/chromium' } = process.env;

const say = (text) => console.log(text);

function demand(holds, text) {
  if (!holds) throw new Error(text);
}

/** What the documentation promises for a missing or unknown level: it meets no condition. */
function decideByConditions(table, all) {
  return all.map((state) => {
    const level = Object.fromEntries(table.features.map((feature, idx) => [feature.name, state[idx]]));
    const rule = table.rules.find(({ when }) => Object.entries(when).every(([name, levels]) => levels.includes(level[name])));
    return rule ? { action: rule.action, rule: rule.id } : { action: table.default_action, rule: null };
  });
}

/** The number of states where an engine differs, after saying where it does first. */
function differences(name, found, expected, all, quiet = false) {
  demand(found.length === expected.length, `${name}: ${found.length} decisions, expected ${expected.length}`);
  const at = expected.map((_, k) => k).filter((k) => found[k].action !== expected[k].action || found[k].rule !== expected[k].rule);
  if (at.length && !quiet) {
    say(`  ${name}: ${JSON.stringify(found[at[0]])}, expected ${JSON.stringify(expected[at[0]])} at ${all[at[0]]}`);
  }
  return at.length;
}

/** The test cases of a TCK file: inputs and expected outputs by name. */
function testCases(xml) {
  const cases = [];
  let names = [];
  let text = null;
  const parser = new Parser();
  parser.on('openTag', (tag, attributes) => {
    if (tag === 'testCase') cases.push({ inputs: {}, expected: {} });
    if (tag === 'inputNode' || tag === 'component') names = [tag, attributes().name];
    if (tag === 'value') text = attributes()['xsi:nil'] === 'true' ? null : '';
  });
  parser.on('text', (value, decode) => {
    if (text !== null) text += decode(value);
  });
  parser.on('closeTag', (tag) => {
    if (tag !== 'value') return;
    cases.at(-1)[names[0] === 'inputNode' ? 'inputs' : 'expected'][names[1]] = text;
    text = null;
  });
  parser.on('error', (error) => { throw error; });
  parser.parse(xml);
  return cases;
}

/** The DMN file with one cell altered: the first that is `-` now takes one level only. */
function altered(xml, levels) {
  const cell = /(<inputEntry id="cell_1_1"><text>)([^<]*)/;
  const level = (text) => `&quot;${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}&quot;`;
  const other = (now) => (now === level(levels[0]) ? level(levels[1]) : level(levels[0]));
  demand(cell.test(xml), 'the file has no cell to alter');
  return xml.replace(cell, (_, before, now) => before + other(now));
}

async function check(source, k) {
  const started = Date.now();
  const file = (ending) => join(work, `table_${k + 1}${ending}`);
  const json = exported(program, source, 'json', file('.json'));
  const table = JSON.parse(json);
  const xml = exported(program, source, 'dmn', file('.dmn'));
  const model = await parseDmn(xml);
  const dmn = new Dmn(model);
  const engines = [dmn, new Jdm(exported(program, source, 'jdm', file('.jdm'))), new JsonLogic(exported(program, source, 'jsonlogic', file('.jsonlogic')))];

  const tested = new Map(dmn.inputs.map(({ label, text }) => [label, text]));
  const { nCorners, all } = states(table, N_SAMPLED, 7);
  const observation = (state) => Object.fromEntries(table.features.flatMap(({ name }, idx) => (tested.has(name) && state[idx] !== null ? [[tested.get(name), state[idx]]] : [])));
  const expected = decideOurs(program, work, file('.json'), table.features, all);
  say(`${table.scenario}: ${table.rules.length} rules, ${nCorners} corners, ${N_SAMPLED} sampled states`);
  const odd = broken(table, tested, all, N_BROKEN, 8);
  let nDifferent = 0;
  for (const engine of engines) {
    const start = Date.now();
    const n = differences(engine.name, await engine.decide(all.map(observation)), expected, all);
    const seconds = (Date.now() - start) / 1000;
    const nOdd = differences(`${engine.name}, level missing`, await engine.decide(odd.map(observation)), decideByConditions(table, odd), odd);
    say(`  ${engine.name}: ${n} differences; ${nOdd} of ${N_BROKEN} with a level missing (${seconds.toFixed(1)} s)`);
    nDifferent += n + nOdd;
  }

  const cases = testCases(readFileSync(file('-test-01.xml'), 'utf8'));
  const failed = differences('test cases', await dmn.decide(cases.map((one) => one.inputs)), cases.map((one) => one.expected), cases.map((one) => Object.values(one.inputs)));
  say(`  test cases: ${failed} of ${cases.length} fail`);
  nDifferent += failed;

  if (XSD) {
    for (const [schema, name] of [['DMN13.xsd', '.dmn'], ['testCases.xsd', '-test-01.xml']]) {
      run('xmllint', ['--noout', '--schema', join(XSD, schema), file(name)]);
    }
    say('  xmllint accepts the DMN file and its test cases');
  }

  const again = file('-again.dmn');
  writeFileSync(again, await writeDmn(model));
  demand(exported(program, again, 'json', file('-again.json')) === json, 'a file saved again by dmn-moddle reads as another table');

  const forged = altered(xml, table.features.find(({ name }) => name === dmn.inputs[0].label).levels);
  const found = await new Dmn(await parseDmn(forged)).decide(all.map(observation));
  const nFound = differences('altered', found, expected, all, true);
  demand(nFound > 0, 'one altered cell made no difference, so the check cannot fail');
  writeFileSync(file('-altered.dmn'), forged);
  let refused = '';
  try {
    run(program, ['table', 'show', file('-altered.dmn')]);
  } catch (error) {
    refused = error.stderr;
  }
  demand(refused.includes('checksum'), `an altered file was not refused: ${refused}`);
  say(`  one altered cell: ${nFound} differences, and the program refuses the file (${((Date.now() - started) / 1000).toFixed(0)} s)`);
  return { nDifferent, path: file('.dmn'), nRules: table.rules.length };
}

if (!XSD) say('no XML schemas: xmllint is left out; set XSD to the folder of DMN13.xsd and testCases.xsd');
const results = [];
for (const [k, source] of tables.entries()) results.push(await check(source, k));
demand(existsSync(CHROMIUM), `no browser at ${CHROMIUM}: install chromium, or set CHROMIUM to its path`);
await render(results, CHROMIUM);
say(`dmn-js shows ${results.length} files without a warning; pictures are in ${work}`);
const nDifferent = results.reduce((sum, result) => sum + result.nDifferent, 0);
demand(nDifferent === 0, `${nDifferent} differences`);
