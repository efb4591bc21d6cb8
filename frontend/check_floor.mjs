// Holds our JavaScript (and the built files) to the browser floor without running a browser:
//   syntax  the file compiled for the floor must equal the file compiled for the newest language
//   names   built-ins that Chromium 86 or Firefox 91 do not have must not be named in our own sources
// Usage: node frontend/check_floor.mjs [file …]   (default: our sources and var/static_build)
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const floor = ['chrome86', 'firefox91'];
// Optional chaining works since Chromium 80 and Firefox 74; esbuild lists Chromium 91 because older V8 mistook one rare
// form of it, (a?.b)(), so the syntax is allowed here.
const supported = { 'optional-chain': true };
// Array.at: Chrome 92; structuredClone 98; Object.hasOwn 93; findLast 97; Array copies 110; groupBy 117; replaceAll is fine.
const absent = /\.at\(|\bstructuredClone\b|Object\.hasOwn\b|\.findLast(Index)?\(|\.to(Sorted|Reversed|Spliced)\(|Object\.groupBy\b|Array\.fromAsync\b|AbortSignal\.timeout\b|crypto\.randomUUID\b|\.isConnected\s*=|\bshowPopover\b|startViewTransition\b|new Set\([^)]*\)\.(union|intersection)\(/;

function defaults() {
  const own = readdirSync(join(here, 'js')).map((name) => join(here, 'js', name));
  const built = join(here, '..', 'var', 'static_build');
  return existsSync(built) ? own.concat(readdirSync(built).filter((n) => n.endsWith('.js')).map((n) => join(built, n))) : own;
}

async function problems(file) {
  const text = readFileSync(file, 'utf8');
  const found = [];
  try {
    const [low, high] = await Promise.all([floor, 'esnext'].map((target) => transform(text, { target, supported, loader: 'js' })));
    if (low.code !== high.code) found.push('needs syntax that the floor does not have');
  } catch (error) {
    found.push(`syntax the floor cannot run: ${error.message.split('\n')[1] || error.message}`);
  }
  if (file.includes(`${join('frontend', 'js')}`) || process.argv.length > 2) {
    text.split('\n').forEach((line, at) => {
      const hit = absent.exec(line);
      if (hit) found.push(`line ${at + 1}: ${hit[0]} is missing in Chromium 86 or Firefox 91`);
    });
  }
  return found.map((words) => `${file}: ${words}`);
}

const files = process.argv.length > 2 ? process.argv.slice(2) : defaults();
const all = (await Promise.all(files.map(problems))).flat();
all.forEach((line) => console.error(line));
if (all.length) process.exit(1);
console.log(`${files.length} files hold to ${floor.join(', ')}`);
