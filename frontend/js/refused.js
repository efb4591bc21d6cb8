// A step that was refused on a page of its own: its form opens again as it was sent. Kept in this tab until the next
// page that is neither the refusal nor the form.
import { fill, valuesOf } from './filled.js';

const KEY = 'sent-form';
const OWN = ['csrfmiddlewaretoken', 'request_id', 'version', 'seen']; // other at each drawing

const here = () => window.location.pathname + window.location.search;
const posts = () => [...document.querySelectorAll('form[method="post"]')];

// Which form it is: where it is sent to, and for what row and deed.
function nameOf(form) {
  const hidden = [...form.elements].filter((field) => field.type === 'hidden' && !OWN.includes(field.name));
  return [form.getAttribute('action'), ...hidden.map((field) => `${field.name}=${field.value}`)].join(' ');
}

function keep(store, sent) {
  try { store.setItem(KEY, JSON.stringify(sent)); } catch { /* memory full: the form is sent all the same */ }
}

function read(store) {
  try { return JSON.parse(store.getItem(KEY)); } catch { return null; }
}

function reopen(form, values) {
  if (!fill(form, values)) return;
  form.dispatchEvent(new Event('change', { bubbles: true })); // what follows from a choice
  for (let box = form.closest('details'); box; box = box.parentElement.closest('details')) box.open = true;
  const first = form.querySelector('input:not([type="hidden"]), select, textarea');
  if (first) first.focus();
}

function goOn(store, sent) {
  const back = document.querySelector('[data-refused]');
  if (back) {
    back.href = sent.page;
    keep(store, { ...sent, refused: true });
    return;
  }
  store.removeItem(KEY);
  if (!sent.refused || sent.page !== here()) return;
  const form = posts().filter((one) => nameOf(one) === sent.form)[sent.at];
  if (form) reopen(form, sent.values);
}

function remember(store, form) {
  const at = posts().filter((one) => nameOf(one) === nameOf(form)).indexOf(form);
  keep(store, { page: here(), form: nameOf(form), at, values: valuesOf(form) });
}

export function startRefused() {
  let store;
  try { store = window.sessionStorage; } catch { return; } // a browser that keeps nothing still has the plain form
  const sent = read(store);
  if (sent) goOn(store, sent);
  document.addEventListener('submit', (event) => {
    if (!event.defaultPrevented && event.target.matches('form[method="post"]:not([hx-post])')) remember(store, event.target);
  });
}
