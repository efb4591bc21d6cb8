// Parts that refresh themselves: <div id="x" data-live="/address/" data-every="30">, an empty
// address meaning the page's own, filters included. Only while visible, with jitter,
// stopped after 30 minutes without a key or a click. A part that could not refresh keeps its data and says so.
import { word } from './words.js';

const TIRED_MS = 30 * 60 * 1000;
let lastSign = Date.now();

function refresh(part) {
  return fetch(part.dataset.live, { credentials: 'same-origin', headers: { 'HX-Request': 'true', 'X-Unattended': '1', 'If-None-Match': part.dataset.etag || '' } })
    .then((answer) => {
      if (answer.status === 304) return null;
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      return answer.text().then((text) => ({ text: text, etag: answer.headers.get('ETag') || '' }));
    })
    .then((fresh) => {
      part.querySelectorAll('.live').forEach((mark) => mark.classList.remove('live--stale'));
      if (fresh === null || part.contains(document.activeElement)) return; // and ask for it again, so no ETag is kept
      part.dataset.etag = fresh.etag;
      part.innerHTML = fresh.text;
      if (window.htmx) window.htmx.process(part);
    })
    .catch(() => part.querySelectorAll('.live').forEach((mark) => mark.classList.add('live--stale')));
}

function pause(part) {
  if (part.querySelector('[data-paused]')) return;
  const note = document.createElement('p');
  note.dataset.paused = '1';
  note.className = 'small warn';
  note.textContent = word('paused');
  part.prepend(note);
}

function run(part) {
  const every = Number(part.dataset.every || 60) * 1000;
  setTimeout(() => {
    if (!part.isConnected) return;
    const tired = Date.now() - lastSign > TIRED_MS;
    if (tired) pause(part);
    const step = tired || document.hidden ? Promise.resolve() : refresh(part);
    step.then(() => run(part));
  }, every * (0.8 + Math.random() * 0.4));
}

export function startLive() {
  ['keydown', 'pointerdown'].forEach((sign) => document.addEventListener(sign, () => {
    lastSign = Date.now();
    document.querySelectorAll('[data-paused]').forEach((note) => note.remove());
  }, { passive: true }));
  const begin = (scope) => scope.querySelectorAll('[data-live]').forEach((part) => {
    if (part.dataset.living) return;
    part.dataset.living = '1';
    run(part);
  });
  begin(document);
  document.addEventListener('htmx:afterSettle', (event) => begin(event.target));
}
