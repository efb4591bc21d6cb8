// Review of a roster: the cursor jumps to the next fault, Escape restores, Ctrl+Z takes the last step back on the
// server, and every few seconds the page says where its cursor is and learns where the colleagues' are.
const NEXT = 'tr:not(.done) .input--bad';
const EVERY_MS = 4000;
const TIRED_MS = 30 * 60 * 1000;
let lastSign = Date.now();
let told = null;

function go(input) {
  if (input) { input.focus(); input.select(); }
}

function focusNext(event) {
  const saved = event.target.closest ? event.target.closest('.fix tr') : null;
  if (!saved || document.activeElement !== document.body) return; // somebody is typing elsewhere already
  const own = saved.querySelector('.input--bad');
  const later = Array.from(document.querySelectorAll('.fix ' + NEXT)).find((input) => saved.compareDocumentPosition(input) & Node.DOCUMENT_POSITION_FOLLOWING);
  go(own || later || document.querySelector('.fix ' + NEXT));
}

// The page opens with the cursor in the first fault, or in the row its address names, where there is a keyboard.
function focusFirst() {
  if (document.activeElement !== document.body || !window.matchMedia('(min-width: 900px)').matches) return;
  const named = /^#r-\d+$/.test(location.hash) && document.querySelector(location.hash + ' .input--bad');
  const first = named || (!location.hash && document.querySelector('.fix ' + NEXT));
  if (first) { first.focus({ preventScroll: !named }); first.select(); }
}

// Escape brings back what the server last said; the Chinese input method keeps its own Escape.
function restore(event) {
  const input = event.target;
  if (event.key !== 'Escape' || event.isComposing || !input.matches || !input.matches('.fix .input--bad')) return;
  input.value = input.defaultValue;
}

// While a cell holds typing that is not saved, Ctrl+Z is the browser's own.
function takeBack(event) {
  if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.isComposing) return;
  const button = document.querySelector('#take-back button');
  const typing = event.target.matches('input, textarea') && event.target.value !== event.target.defaultValue;
  if (!button || typing) return;
  event.preventDefault();
  button.click();
}

function rowAtCursor() {
  const row = document.activeElement && document.activeElement.closest('.fix tr[data-row]');
  return row ? row.dataset.row : '';
}

function mark(rows) {
  document.querySelectorAll('[data-colleague]').forEach((spot) => {
    const words = rows[spot.closest('tr').dataset.row] || '';
    if (spot.textContent !== words) spot.firstElementChild.textContent = words;
    spot.hidden = !words;
  });
}

function tell() {
  const part = document.querySelector('[data-attention]');
  const token = document.querySelector('#fixing [name="csrfmiddlewaretoken"]');
  if (!part || !token || document.hidden || Date.now() - lastSign > TIRED_MS) return Promise.resolve();
  told = rowAtCursor();
  const body = new URLSearchParams({ row: told, csrfmiddlewaretoken: token.value });
  return fetch(part.dataset.attention, { method: 'POST', body: body, credentials: 'same-origin', headers: { 'X-Unattended': '1' } })
    .then((answer) => (answer.ok && !answer.redirected ? answer.json() : { rows: {} }))
    .then((answer) => mark(answer.rows))
    .catch(() => {}); // the marks are a courtesy: the row's version is what keeps two clerks apart
}

export function startReview() {
  focusFirst();
  window.addEventListener('load', () => setTimeout(focusFirst)); // going to the named row takes the cursor away again
  document.addEventListener('htmx:afterSettle', focusNext);
  document.addEventListener('htmx:afterSettle', (event) => { if (event.target.id === 'main') focusFirst(); });
  document.addEventListener('keydown', restore);
  document.addEventListener('keydown', takeBack);
  ['keydown', 'pointerdown'].forEach((sign) => document.addEventListener(sign, () => { lastSign = Date.now(); }, { passive: true }));
  document.addEventListener('focusin', () => { if (rowAtCursor() !== told) tell(); });
  tell();
  setInterval(tell, EVERY_MS); // asks nothing where no rows stand; they may come into the page once the file is read
}
