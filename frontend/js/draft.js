// What was entered at a door stays in this browser until it has arrived: a page loaded again, or lost with the signal,
// comes back as it was left. Texts and choices only, under the person and the address; no photos, no strokes of a pen.
const PREFIX = 'visit-draft:';
const KEPT_MS = 24 * 60 * 60 * 1000;

const fields = (form) => [...form.elements].filter((field) => field.name && field.matches('textarea, input:not([type="hidden"]):not([type="file"])'));
const isChoice = (field) => field.type === 'radio' || field.type === 'checkbox';

function stored() {
  try { return window.localStorage; } catch { return null; } // a browser that keeps nothing still has the plain form
}

function read(store, key) {
  try { return JSON.parse(store.getItem(key)) || {}; } catch { return {}; }
}

function valuesOf(form) {
  const values = {};
  fields(form).forEach((field) => {
    if (isChoice(field)) values[field.name] = (values[field.name] || []).concat(field.checked ? field.value : []);
    else values[field.name] = field.value;
  });
  return values;
}

function keep(store, key, form, isSent) {
  try { store.setItem(key, JSON.stringify({ at: Date.now(), sent: isSent, values: valuesOf(form) })); } catch { /* memory full: the page itself still holds it */ }
}

// Whether anything of it differed from what the server wrote: a page sent back with faults holds it already.
function restore(form, values) {
  const before = JSON.stringify(valuesOf(form));
  fields(form).filter((field) => field.name in values).forEach((field) => {
    if (isChoice(field)) field.checked = values[field.name].includes(field.value);
    else field.value = values[field.name];
  });
  return JSON.stringify(valuesOf(form)) !== before;
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
  if (values && restore(form, values)) {
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
