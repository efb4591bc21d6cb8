// Builds the interface's static files from frontend/ and node_modules into var/static_build.
//   portal.css   our stylesheet, all parts in the order of their names
//   styleguide.css   what only the style guide shows     wall.css  what only the wall page shows
//   portal.js    our script         htmx.js    the library, as released
//   phone.js     the inspector's phone without signal     worker.js  its service worker     app.svg  its icon
//   charts.js    ECharts cut down to lines and bars, with our chart drawing
//   icons.svg    a sprite with only the icons some template, tag or script names
// The browser floor is in package.json; nothing is lowered silently, see check_floor.mjs.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const out = process.argv[2] || join(root, 'var', 'static_build');
export const floor = ['chrome86', 'firefox91'];

function stylesheet(folder = join(here, 'css')) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.css')).sort();
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}

// Icon names are written `icon "name"`, `icon="name"`, `#i-name` or, in Python, icon="name" / Icon: name.
const iconMarks = [/\bicon "([a-z0-9-]+)"/g, /\bicon="([a-z0-9-]+)"/g, /#i-([a-z0-9-]+)/g, /\bicon: '([a-z0-9-]+)'/g];
// Names that pages may choose at run time, so that no search through the sources can find them.
const always = ['plus', 'upload', 'download', 'printer', 'trash', 'camera', 'phone', 'refresh', 'file-spreadsheet', 'arrow-back-up',
  'circle-check', 'circle-x', 'alert-circle', 'alert-triangle', 'wifi-off', 'table', 'send', 'clock', 'photo', 'id', 'writing-sign', 'wand', 'arrows-shuffle'];
const skipped = new Set(['node_modules', '.git', '.venv', 'var', 'tests', 'docs', 'locale', '__pycache__']);

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !skipped.has(entry.name)) yield* sources(join(folder, entry.name));
    else if (entry.isFile() && /\.(html|py|js)$/.test(entry.name)) yield join(folder, entry.name);
  }
}

function iconNames() {
  const names = new Set(always);
  for (const file of sources(root)) {
    const text = readFileSync(file, 'utf8');
    for (const mark of iconMarks) for (const hit of text.matchAll(mark)) names.add(hit[1]);
  }
  return [...names].sort();
}

function symbol(name) {
  let svg;
  try {
    svg = readFileSync(join(root, 'node_modules/@tabler/icons/icons/outline', `${name}.svg`), 'utf8');
  } catch {
    console.warn(`icon "${name}" is named in a template or tag but does not exist in @tabler/icons`);
    return '';
  }
  const inner = svg.replace(/<!--[\s\S]*?-->/g, '').replace(/<\/?svg[^>]*>/g, '').replace(/\s*\n\s*/g, '');
  return `<symbol id="i-${name}" viewBox="0 0 24 24">${inner}</symbol>`;
}

mkdirSync(out, { recursive: true });
const css = await transform(stylesheet(), { loader: 'css', minify: true, target: floor });
writeFileSync(join(out, 'portal.css'), css.code);
for (const page of ['styleguide', 'wall']) {
  const own = await transform(stylesheet(join(here, 'css', page)), { loader: 'css', minify: true, target: floor });
  writeFileSync(join(out, `${page}.css`), own.code);
}
const icons = iconNames().map(symbol).filter(Boolean);
writeFileSync(join(out, 'icons.svg'), `<svg xmlns="http://www.w3.org/2000/svg">${icons.join('')}</svg>`);
copyFileSync(join(root, 'node_modules/htmx.org/dist/htmx.min.js'), join(out, 'htmx.js'));
const common = { bundle: true, minify: true, format: 'iife', target: floor, logLevel: 'warning', legalComments: 'none' };
await build({ ...common, entryPoints: [join(here, 'js', 'portal.js')], outfile: join(out, 'portal.js') });
await build({ ...common, entryPoints: [join(here, 'js', 'charts.js')], outfile: join(out, 'charts.js') });
for (const name of ['phone.js', 'worker.js']) await build({ ...common, entryPoints: [join(here, 'js', name)], outfile: join(out, name) });
writeFileSync(join(out, 'app.svg'), "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 34 34' width='512' height='512'><rect width='34' height='34' fill='#b23a1e'/><path d='M9 24h16M17 8c5 5 5 8 3 12h-6c-2-4-2-7 3-12z' stroke='#fff' stroke-width='2' fill='none'/></svg>");
console.log(`interface built: ${icons.length} icons, stylesheet ${css.code.length} bytes`);
