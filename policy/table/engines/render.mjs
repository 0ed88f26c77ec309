// Opens DMN files in dmn-js, in headless Chromium, as a modeler would.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';

const dist = dirname(createRequire(import.meta.url).resolve('dmn-js/dist/dmn-viewer.development.js'));
const styles = ['dmn-js-shared', 'dmn-js-drd', 'dmn-js-decision-table', 'dmn-js-decision-table-controls', 'dmn-font/css/dmn-embedded'];

/** What the page does with a file: the warnings, and the views that it offers. */
async function open(xml) {
  window.viewer = new DmnJS({ container: '#canvas' });
  const { warnings } = await window.viewer.importXML(xml);
  window.viewer.getActiveViewer().get('canvas').zoom('fit-viewport');
  return { warnings: warnings.map(String), views: window.viewer.getViews().map((view) => view.type) };
}

/** What the page shows of the decision table: its rows and columns. */
async function openTable() {
  const { warnings } = await window.viewer.open(window.viewer.getViews().find((view) => view.type === 'decisionTable'));
  const nRows = document.querySelectorAll('#canvas tbody tr').length;
  return { warnings: warnings.map(String), nRows };
}

/**
 * Opens each of `files` (`{ path, nRules }`) and writes two pictures beside it, of the diagram and of
 * the table.
 *
 * Throws at the first warning, page error or missing row.
 */
export async function render(files, executablePath) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    for (const { path, nRules } of files) {
      const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
      const complaints = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      await page.setContent('<!DOCTYPE html><div id="canvas" style="height: 980px"></div>');
      for (const style of styles) await page.addStyleTag({ path: join(dist, `assets/${style}.css`) });
      await page.addScriptTag({ path: join(dist, 'dmn-viewer.development.js') });
      const picture = (name) => page.screenshot({ path: path.replace(/\.dmn$/, `-${name}.png`) });
      const { warnings, views } = await page.evaluate(open, await readFile(path, 'utf8'));
      complaints.push(...warnings);
      if (!['drd', 'decisionTable'].every((view) => views.includes(view))) complaints.push(`views: ${views}`);
      await picture('diagram');
      const table = await page.evaluate(openTable);
      complaints.push(...table.warnings);
      if (table.nRows !== nRules) complaints.push(`${table.nRows} rows are shown, expected ${nRules}`);
      await picture('table');
      if (complaints.length) throw new Error(`dmn-js at ${path}: ${complaints[0]}`);
      await page.close();
    }
  } finally {
    await browser.close();
  }
}
