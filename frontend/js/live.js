// Parts that refresh themselves: <div id="x" data-live="/address/" data-every="30">, an empty
// address meaning the page's own, filters included. Only while visible, with jitter,
// stopped after 30 minutes without a key or a click (not with data-always: a screen nobody sits at). A part that could not refresh keeps its data and says so.
// With data-stream="/address/" it is also refreshed when the server says that something has changed which it shows
// (data-of="commands docking"; without it turns of polling and alerts): one tab of the browser listens (HTTP/1.1 has six
// connections for all of them) and tells the others. [data-hurry="2"] inside: something is under way, so while nobody
// listens the part asks every so many seconds.
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
      const at = document.activeElement;
      if (fresh === null || (part.contains(at) && at.tagName !== 'SUMMARY')) return; // and ask for it again, so no ETag is kept
      part.dataset.etag = fresh.etag;
      put(part, fresh.text);
      if (window.htmx) window.htmx.process(part);
    })
    .catch(() => part.querySelectorAll('.live').forEach((mark) => mark.classList.add('live--stale')));
}

// What the reader has unfolded stays so, and keeps the focus.
function put(part, text) {
  const folds = () => Array.from(part.querySelectorAll('details'));
  const open = folds().map((one) => one.open);
  const at = folds().findIndex((one) => one.firstElementChild === document.activeElement);
  part.innerHTML = text;
  folds().forEach((one, n) => {
    if (open[n]) one.open = true;
    if (n === at) one.firstElementChild.focus();
  });
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
  setTimeout(() => {
    if (!part.isConnected) return;
    const tired = !part.dataset.always && Date.now() - lastSign > TIRED_MS;
    if (tired) pause(part);
    const step = tired || document.hidden ? Promise.resolve() : refresh(part);
    step.then(() => run(part));
  }, wait_s(part) * 1000 * (0.8 + Math.random() * 0.4));
}

function wait_s(part) {
  const asked = Number(part.dataset.every || 60);
  if (!part.dataset.stream || isHeard()) return asked;
  const hurry = part.querySelector('[data-hurry]');
  return Math.min(asked, hurry ? Number(hurry.dataset.hurry) : failures > 1 ? LONE_S : asked);
}

const TAB = String(Math.random());
const LEASE_MS = 20000;
const others = window.BroadcastChannel ? new BroadcastChannel('portal-live') : null;

function held() {
  try {
    return JSON.parse(localStorage.getItem('portal-stream') || '{}');
  } catch (error) {
    return {};
  }
}

const isHeard = () => { const one = held(); return Boolean(one.hears) && one.until > Date.now(); };

// The tab whose lease runs listens; a tab that is closed or hidden lets it lapse. `hears`: its stream stands.
function leads(hears) {
  const one = held();
  if (one.tab !== TAB && one.until > Date.now()) return false;
  try {
    localStorage.setItem('portal-stream', JSON.stringify({ tab: TAB, until: Date.now() + LEASE_MS, hears: hears }));
    return true;
  } catch (error) {
    return false;
  }
}

function release() {
  if (held().tab === TAB) localStorage.removeItem('portal-stream');
}

// `names` of what has changed; 'hurry' means whatever is under way, where a change may have been missed.
function changed(names) {
  if (document.hidden || Date.now() - lastSign > TIRED_MS) return;
  const shows = (part) => (part.dataset.of || 'turns alerts').split(' ').some((name) => names.includes(name)) ||
    (names.includes('hurry') && part.querySelector('[data-hurry]'));
  const parts = Array.from(document.querySelectorAll('[data-live][data-stream]')).filter(shows);
  parts.forEach((part) => setTimeout(() => refresh(part), (part.querySelector('[data-hurry]') ? 100 : 700) * Math.random()));
}

function spread(names) {
  if (others) others.postMessage(names);
  changed(names);
}

function hear(reader, words) {
  return reader.read().then((piece) => {
    if (piece.done || document.hidden || !leads(true)) return reader.cancel();
    const said = /event: changed\ndata: (.*)/.exec(words.decode(piece.value));
    if (said) spread(said[1].split(' '));
    return hear(reader, words);
  });
}

function listen(address) {
  const again = (wait) => setTimeout(() => listen(address), wait);
  if (document.hidden || Date.now() - lastSign > TIRED_MS || !leads(isHeard())) return again(LEASE_MS);
  return fetch(address, { credentials: 'same-origin', headers: { 'X-Unattended': '1' } })
    .then((answer) => {
      if (answer.status !== 200 || answer.redirected || !answer.body) throw new Error(String(answer.status));
      failures = 0;
      spread(['hurry']);
      return hear(answer.body.getReader(), new TextDecoder());
    })
    .then(() => again(1000), () => { failures += 1; release(); again(failures < 2 ? 5000 : 60000); }); // no place, or no stream: the parts poll
}

function startStream() {
  const part = document.querySelector('[data-live][data-stream]');
  if (!part || !window.TextDecoder) return;
  if (others) others.addEventListener('message', (event) => changed(event.data));
  window.addEventListener('pagehide', release); // the next page need not wait for this one's lease
  setTimeout(() => listen(part.dataset.stream), document.querySelector('[data-hurry]') ? 500 : 5000);
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
