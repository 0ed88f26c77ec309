// What our program exports and decides.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a command prints. */
export const run = (command, args) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });

/** A table in another format, which is left at `path`. */
export function exported(program, table, format, path) {
  run(program, ['table', 'export', table, '--format', format, '--out', path, '--force']);
  return readFileSync(path, 'utf8');
}

/** A CSV line; only fields with commas or quotes are quoted. */
const toCsv = (fields) => fields.map((text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(',');

/** The last two fields of a CSV line: action and rule, of which the action may be quoted. */
function decision(line) {
  const at = line.lastIndexOf(',');
  const quoted = line[at - 1] === '"';
  const start = quoted ? line.lastIndexOf(',"', at - 2) + 2 : line.lastIndexOf(',', at - 1) + 1;
  return { action: line.slice(start, quoted ? at - 1 : at), rule: line.slice(at + 1) || null };
}

/** What the table decides for each state, a list of levels; a file in `work` carries them over. */
export function decideOurs(program, work, table, features, states) {
  const path = join(work, 'states.csv');
  writeFileSync(path, [features.map((feature) => feature.name), ...states].map(toCsv).join('\n'));
  const lines = run(program, ['table', 'decide', table, '--csv', path]).trimEnd().split('\n');
  return lines.slice(1).map(decision);
}
