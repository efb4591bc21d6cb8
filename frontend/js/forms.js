// Error summary, or the first field of work that waits, gets the focus; a form cannot be sent twice; files say what was chosen by the browser itself.
import { word } from './words.js';

function focusSummary(scope) {
  const summary = scope.querySelector('[data-focus]');
  if (!summary) return;
  summary.focus();
  if (!summary.matches('.errors')) return; // the first field to fill is no error
  if (!document.title.startsWith(word('error'))) document.title = word('error') + document.title;
}

export function startFocus() {
  focusSummary(document);
  document.addEventListener('htmx:afterSettle', (event) => focusSummary(event.target));
}

function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll('[aria-busy="true"]').forEach((button) => button.removeAttribute('aria-busy'));
}

// A second submit of the same form within five seconds is a double click, not a second wish.
function guard(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post' || form.hasAttribute('hx-post')) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = '1';
  if (event.submitter) event.submitter.setAttribute('aria-busy', 'true');
  setTimeout(() => release(form), 5000);
}

export function startOnce() {
  document.addEventListener('submit', guard);
  window.addEventListener('pageshow', () => document.querySelectorAll('form[data-sent]').forEach(release));
}

// What stands with one answer only (`data-with`) goes with the others: a return is not signed for, nor ticked.
function follow(form) {
  const chosen = form.querySelector(`[name="${form.dataset.choice}"]:checked`);
  form.querySelectorAll('[data-with]').forEach((part) => { part.hidden = Boolean(chosen) && part.dataset.with !== chosen.value; });
}

export function startChoices() {
  document.querySelectorAll('form[data-choice]').forEach((form) => {
    follow(form);
    form.addEventListener('change', () => follow(form));
  });
}
