// Idle watch: one minute before the session ends a box asks; without an answer the page leaves, so that nothing
// personal stays on a shared screen. The server ends the session by itself; this only tells the truth in time.
import { element, word } from './words.js';

const WARNING_S = 60;

export function startIdle() {
  const limit = Number(document.body.dataset.idle || 0);
  if (!limit) return;
  let last = Date.now();
  let veil = null;
  let spoken = Date.now();

  // Typing on a page is a sign of life the server cannot see: tell it at most once a minute.
  function alive() {
    last = Date.now();
    if (veil) return;
    if (last - spoken > 60000) { spoken = last; fetch(document.body.dataset.touch, { credentials: 'same-origin' }).catch(() => {}); }
  }

  function stay() {
    veil.remove();
    veil = null;
    spoken = 0;
    alive();
  }

  function warn() {
    const button = element('button', { class: 'btn btn--primary', type: 'button' }, word('stay'));
    button.addEventListener('click', stay);
    veil = element('div', { class: 'veil', role: 'alertdialog', 'aria-modal': 'true', 'aria-label': word('idle') },
      element('div', { class: 'pop stack' }, element('p', {}, word('idle')), button));
    document.body.append(veil);
    button.focus();
  }

  ['keydown', 'pointerdown', 'scroll'].forEach((sign) => document.addEventListener(sign, alive, { passive: true }));
  setInterval(() => {
    const quiet = (Date.now() - last) / 1000;
    if (quiet > limit) location.reload();
    else if (quiet > limit - WARNING_S && !veil) warn();
  }, 5000);
}
