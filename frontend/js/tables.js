// Tables by keyboard: / search, J K or arrows move, X tick, Shift+X range, Space look at, Enter open, E export, ? help.
// Off inside fields and under an input method. Ticks light the bulk bar; "all that match" is the server's, never ours.
import { element, word } from './words.js';

const rows = () => Array.from(document.querySelectorAll('tr[data-row]'));
const tickOf = (row) => row.querySelector('input[type="checkbox"][name="ids"]');
let ticked = -1;

function typing(event) {
  const tag = event.target.tagName;
  return event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.target.isContentEditable
    || tag === 'TEXTAREA' || tag === 'SELECT' || (tag === 'INPUT' && !['checkbox', 'radio', 'button'].includes(event.target.type));
}

function move(by) {
  const all = rows();
  const at = all.findIndex((row) => row.classList.contains('is-cursor'));
  const to = all[Math.max(0, Math.min(all.length - 1, at + by))];
  if (!to) return;
  all.forEach((row) => row.classList.toggle('is-cursor', row === to));
  to.scrollIntoView({ block: 'nearest' });
  const link = to.querySelector('a.id');
  if (link) link.focus({ preventScroll: true });
  if (panel() && panel().children.length) peek();
}

// The side panel: the summary of a row beside the list. Its link is a plain one where this script is missing.
const panel = () => document.getElementById('peek');

function peek() {
  const link = document.querySelector('tr.is-cursor a.peek');
  if (link && window.htmx) window.htmx.ajax('GET', link.href, { target: '#peek', swap: 'innerHTML' });
}

function closePeek() {
  if (!panel() || !panel().children.length) return false;
  panel().replaceChildren();
  const link = document.querySelector('tr.is-cursor a.id');
  if (link) link.focus({ preventScroll: true });
  return true;
}

function cursorTo(row) {
  rows().forEach((one) => one.classList.toggle('is-cursor', one === row));
}

function paint(table) {
  const boxes = Array.from(table.querySelectorAll('input[name="ids"]'));
  const on = boxes.filter((box) => box.checked);
  boxes.forEach((box) => box.closest('tr').setAttribute('aria-selected', String(box.checked)));
  const bulk = table.querySelector('.bulk');
  if (!bulk) return;
  bulk.hidden = on.length === 0;
  bulk.querySelector('[data-ticked]').textContent = String(on.length);
  const all = table.querySelector('[data-tick-page]');
  if (all) { all.checked = on.length === boxes.length && on.length > 0; all.indeterminate = on.length > 0 && on.length < boxes.length; }
}

function tick(range) {
  const all = rows();
  const at = all.findIndex((row) => row.classList.contains('is-cursor'));
  if (at < 0 || !tickOf(all[at])) return;
  const from = range && ticked >= 0 ? Math.min(ticked, at) : at;
  const to = range && ticked >= 0 ? Math.max(ticked, at) : at;
  const value = range ? true : !tickOf(all[at]).checked;
  for (let i = from; i <= to; i += 1) if (tickOf(all[i])) tickOf(all[i]).checked = value;
  ticked = at;
  paint(all[at].closest('[data-table]'));
}

function open() {
  const row = document.querySelector('tr.is-cursor');
  const link = row && row.querySelector('a.id');
  if (link) link.click();
}

function help() {
  const old = document.querySelector('.veil');
  if (old) { old.remove(); return; }
  const close = element('button', { class: 'btn', type: 'button' }, word('close'));
  const veil = element('div', { class: 'veil', role: 'dialog', 'aria-modal': 'true', 'aria-label': '?' },
    element('div', { class: 'pop stack' }, element('p', {}, word('keys')), close));
  close.addEventListener('click', () => veil.remove());
  document.body.append(veil);
  close.focus();
}

function find() {
  const field = document.querySelector('[data-find]');
  if (field) field.focus();
  return Boolean(field);
}

function exportList() {
  const deed = document.querySelector('[data-export]');
  if (!deed) return;
  const all = deed.form && deed.form.querySelector('input[name="scope"]');
  if (all && !deed.form.querySelector('input[name="ids"]:checked')) all.checked = true;
  deed.click();
}

const KEYS = { j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1), ' ': peek, x: () => tick(false), X: () => tick(true), e: exportList, '?': help };

function key(event) {
  if (event.key === 'Escape') { const veil = document.querySelector('.veil[role="dialog"]'); if (veil) veil.remove(); else closePeek(); return; }
  if (typing(event)) return;
  // The browser's own scrolling, buttons and menus keep these keys until a row is under the cursor.
  if ([' ', 'ArrowDown', 'ArrowUp'].includes(event.key) && (!document.querySelector('tr.is-cursor') || event.target.closest('button, summary, input, .menu__box'))) return;
  if (event.key === '/' && find()) { event.preventDefault(); return; }
  if (event.key === 'Enter' && event.target === document.body) { open(); return; }
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
}

function changed(event) {
  const table = event.target.closest('[data-table]');
  if (!table) return;
  if (event.target.hasAttribute('data-tick-page')) table.querySelectorAll('input[name="ids"]').forEach((box) => { box.checked = event.target.checked; });
  if (event.target.name === 'ids' || event.target.hasAttribute('data-tick-page')) paint(table);
  if (event.target.hasAttribute('data-send')) event.target.form.requestSubmit ? event.target.form.requestSubmit() : event.target.form.submit();
}

// The column chooser's search box: lines whose words do not hold what is typed go away; ticks stay as they are.
function narrow(event) {
  if (!event.target.hasAttribute('data-narrow')) return;
  const wanted = event.target.value.trim().toLowerCase();
  event.target.closest('form').querySelectorAll('.row').forEach((line) => {
    const name = line.querySelector('.menu__item');
    if (name) line.style.display = name.textContent.toLowerCase().includes(wanted) ? '' : 'none';
  });
}

// On a phone the conditions of a list lie folded above it.
function fold(button) {
  const open = button.closest('.filters').classList.toggle('is-open');
  button.setAttribute('aria-expanded', String(open));
}

export function startTables() {
  document.addEventListener('input', narrow);
  document.addEventListener('keydown', key);
  document.addEventListener('change', changed);
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a.peek');
    if (link && link.closest('tr[data-row]')) cursorTo(link.closest('tr[data-row]'));
    if (event.target.closest('[data-act="close-peek"]')) { event.preventDefault(); closePeek(); return; }
    const folded = event.target.closest('[data-act="fold"]');
    if (folded) fold(folded);
    const clear = event.target.closest('[data-act="untick"]');
    if (!clear) return;
    event.preventDefault();
    const table = clear.closest('[data-table]');
    table.querySelectorAll('input[name="ids"]').forEach((box) => { box.checked = false; });
    paint(table);
  });
  document.querySelectorAll('[data-table]').forEach(paint);
  document.addEventListener('htmx:afterSettle', (event) => { if (event.target.matches('[data-table]')) paint(event.target); });
}
