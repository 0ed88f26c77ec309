// The engines, each as `{ name, decide(observations) }`: observations by identifier in, a list of
// `{ action, rule }` out.
import { ZenEngine } from '@gorules/zen-engine';
import { DmnModdle } from 'dmn-moddle';
import { evaluate, unaryTest } from 'feelin';
import jsonLogic from 'json-logic-js';

const moddle = new DmnModdle();

/** The model in a DMN file, by dmn-moddle; a warning is an error. */
export async function parseDmn(xml) {
  const { rootElement, warnings } = await moddle.fromXML(xml);
  if (warnings.length) throw new Error(`dmn-moddle warns: ${warnings[0].message}`);
  return rootElement;
}

/** The model as dmn-moddle writes it. */
export async function writeDmn(model) {
  return (await moddle.toXML(model, { format: true })).xml;
}

function feel(result, text) {
  if (result.warnings.length) throw new Error(`feelin warns at ${text}: ${result.warnings[0].message}`);
  return result.value;
}

/**
 * DMN: dmn-moddle reads the file, feelin evaluates every expression in it, and what is left to us is
 * the hit policy. A cell sees its own input only, so each (column, cell text, value) is evaluated once.
 */
export class Dmn {
  name = 'feelin + dmn-moddle, DMN';

  constructor(model) {
    const decision = model.drgElement.find((element) => element.$type === 'dmn:Decision');
    const table = decision.decisionLogic;
    this.unique = table.hitPolicy === 'UNIQUE';
    this.inputs = table.input.map((input) => ({ label: input.label, text: input.inputExpression.text }));
    this.rows = (table.rule ?? []).map((rule) => ({
      cells: rule.inputEntry.map((entry) => entry.text),
      outputs: rule.outputEntry.map((entry) => feel(evaluate(entry.text), entry.text)),
    }));
    const [action] = table.output;
    this.fallback = [feel(evaluate(action.defaultOutputEntry.text), 'the default'), null];
    this.columns = this.inputs.map(() => new Map());
  }

  /** The value of an input expression. */
  input(text, value) {
    return evaluate(text, { [text]: value }).value;
  }

  /** Whether a cell takes an input. */
  takes(cell, input) {
    return feel(unaryTest(cell, { '?': input }), cell) === true;
  }

  /** The rows whose cell in column `idx` takes this value, one byte each. */
  rowsTaking(idx, value) {
    const column = this.columns[idx];
    if (!column.has(value)) {
      const input = this.input(this.inputs[idx].text, value);
      const taken = new Map();
      const takes = (cell) => {
        if (!taken.has(cell)) taken.set(cell, this.takes(cell, input));
        return taken.get(cell) ? 1 : 0;
      };
      column.set(value, Uint8Array.from(this.rows, (row) => takes(row.cells[idx])));
    }
    return column.get(value);
  }

  decideOne(observation) {
    const columns = this.inputs.map(({ text }, idx) => this.rowsTaking(idx, observation[text] ?? null));
    return this.answer(this.rows.filter((_, row) => columns.every((column) => column[row])));
  }

  /** What the table says when these rows match. */
  answer(hits) {
    if (this.unique && hits.length > 1) return { action: `${hits.length} rules fire`, rule: null };
    const [action, rule] = hits.length ? hits[0].outputs : this.fallback;
    return { action, rule };
  }

  async decide(observations) {
    return observations.map((observation) => this.decideOne(observation));
  }
}

/** JDM by zen-engine. */
export class Jdm {
  name = 'zen-engine, JDM';

  constructor(text) {
    this.decision = new ZenEngine().createDecision(Buffer.from(text));
  }

  async decide(observations) {
    const found = [];
    for (let at = 0; at < observations.length; at += 256) {
      const some = observations.slice(at, at + 256).map((observation) => this.decision.evaluate(observation));
      // An output that is null is left out of a result.
      found.push(...(await Promise.all(some)).map(({ result: { action, rule = null } }) => ({ action, rule })));
    }
    return found;
  }
}

/** JSON Logic by json-logic-js. */
export class JsonLogic {
  name = 'json-logic-js, JSON Logic';

  constructor(text) {
    this.logic = JSON.parse(text).logic;
  }

  async decide(observations) {
    return observations.map((observation) => {
      const [action, rule] = jsonLogic.apply(this.logic, observation);
      return { action, rule };
    });
  }
}
