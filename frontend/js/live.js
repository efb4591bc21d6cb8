// Parts that refresh themselves: <div id="x" data-live="/address/" data-every="30">, an empty
// address meaning the page's own, filters included. Only while visible, with jitter,
// stopped after 30 minutes without a key or a click (not with data-always: a screen nobody sits at). A part that could not refresh keeps its data and says so.
// With data-stream="/address/" it is also refreshed when the server says that something has changed: one tab of the
// browser listens (HTTP/1.1 has six connections for all of them) and tells the others.
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

const LONE_S = 15; // between polls of a part whose stream failed twice
let failures = 0;

function run(part) {
  const asked = Number(part.dataset.every || 60);
  const every = (part.dataset.stream && failures > 1 ? Math.min(LONE_S, asked) : asked) * 1000;
  setTimeout(() => {
    if (!part.isConnected) return;
    const tired = !part.dataset.always && Date.now() - lastSign > TIRED_MS;
    if (tired) pause(part);
    const step = tired || document.hidden ? Promise.resolve() : refresh(part);
    step.then(() => run(part));
  }, every * (0.8 + Math.random() * 0.4));
}

const TAB = String(Math.random());
const LEASE_MS = 20000;
const others = window.BroadcastChannel ? new BroadcastChannel('portal-live') : null;

// The tab whose lease runs listens; a tab that is closed or hidden lets it lapse.
function leads() {
  try {
    const held = JSON.parse(localStorage.getItem('portal-stream') || '{}');
    if (held.tab !== TAB && held.until > Date.now()) return false;
    localStorage.setItem('portal-stream', JSON.stringify({ tab: TAB, until: Date.now() + LEASE_MS }));
    return true;
  } catch (error) {
    return false;
  }
}

function changed() {
  if (document.hidden || Date.now() - lastSign > TIRED_MS) return;
  document.querySelectorAll('[data-live][data-stream]').forEach((part) => setTimeout(() => refresh(part), 700 * Math.random()));
}

function hear(reader, words) {
  return reader.read().then((piece) => {
    if (piece.done || document.hidden || !leads()) return reader.cancel();
    if (words.decode(piece.value).includes('event: changed')) {
      if (others) others.postMessage('changed');
      changed();
    }
    return hear(reader, words);
  });
}

function listen(address) {
  const again = (wait) => setTimeout(() => listen(address), wait);
  if (document.hidden || Date.now() - lastSign > TIRED_MS || !leads()) return again(LEASE_MS);
  return fetch(address, { credentials: 'same-origin', headers: { 'X-Unattended': '1' } })
    .then((answer) => {
      if (answer.status !== 200 || answer.redirected || !answer.body) throw new Error(String(answer.status));
      failures = 0;
      return hear(answer.body.getReader(), new TextDecoder());
    })
    .then(() => again(1000), () => { failures += 1; again(failures < 2 ? 5000 : 60000); }); // no place, or no stream: the parts poll
}

function startStream() {
  const part = document.querySelector('[data-live][data-stream]');
  if (!part || !window.TextDecoder) return;
  if (others) others.addEventListener('message', changed);
  setTimeout(() => listen(part.dataset.stream), 5000);
}

export function startLive() {
  startStream();
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
