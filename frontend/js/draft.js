// What was entered at a door stays in this browser until it has arrived: a page loaded again, or lost with the signal,
// comes back as it was left. Texts and choices only, under the person and the address; no photos, no strokes of a pen.
import { fill, valuesOf } from './filled.js';

const PREFIX = 'visit-draft:';
const KEPT_MS = 24 * 60 * 60 * 1000;

function stored() {
  try { return window.localStorage; } catch { return null; } // a browser that keeps nothing still has the plain form
}

function read(store, key) {
  try { return JSON.parse(store.getItem(key)) || {}; } catch { return {}; }
}

function keep(store, key, form, isSent) {
  try { store.setItem(key, JSON.stringify({ at: Date.now(), sent: isSent, values: valuesOf(form) })); } catch { /* memory full: the page itself still holds it */ }
}

// Too old, or sent and no longer among the homes that wait. A sending that was cut leaves its home in the list.
function sweep(store) {
  const isList = document.querySelector('[data-visit-list]');
  Object.keys(store).filter((key) => key.startsWith(PREFIX)).forEach((key) => {
    const { at, sent } = read(store, key);
    const address = key.slice(key.indexOf('/'));
    const arrived = isList && sent && !document.querySelector(`a[href="${address}"]`);
    if (arrived || !(Date.now() - at < KEPT_MS)) store.removeItem(key);
  });
}

export function startDraft(form, changed) {
  const store = stored();
  if (!store) return;
  sweep(store);
  if (!form) return;
  const key = `${PREFIX}${form.dataset.draft}:${window.location.pathname}`;
  const note = form.querySelector('[data-restored]');
  const { values } = read(store, key);
  if (values && fill(form, values)) {
    note.hidden = false;
    changed();
  }
  note.querySelector('button').addEventListener('click', () => {
    store.removeItem(key);
    form.reset();
    note.hidden = true;
    changed();
  });
  form.addEventListener('input', () => keep(store, key, form, false));
  form.addEventListener('submit', (event) => {
    const deed = event.submitter && event.submitter.value;
    if (!event.defaultPrevented) keep(store, key, form, deed === 'passed' || deed === 'failed');
  });
}

// Without a signal a form is not sent: the browser's page of an error would stand where the answers are.
export function startSignal(form) {
  const note = form.querySelector('[data-no-signal]');
  form.addEventListener('submit', (event) => {
    note.hidden = navigator.onLine !== false;
    if (!note.hidden) event.preventDefault();
  });
  window.addEventListener('online', () => { note.hidden = true; });
}
