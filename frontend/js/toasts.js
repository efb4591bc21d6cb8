// Toasts: success leaves after its seconds, failure stays. Failed requests say so in plain words.
import { element, word } from './words.js';

const box = () => document.getElementById('toasts');

function dismiss(toast) {
  const last = toast.closest('.float') || toast;
  last.remove();
}

function tick(toast, left) {
  if (!toast.isConnected) return;
  const shown = toast.querySelector('[data-countdown]');
  if (shown) shown.textContent = String(left);
  if (left <= 0) dismiss(toast);
  else setTimeout(() => tick(toast, left - 1), 1000);
}

function arm(scope) {
  scope.querySelectorAll('[data-toast]').forEach((toast) => {
    if (toast.dataset.armed || toast.dataset.toast === 'stay') return;
    toast.dataset.armed = '1';
    tick(toast, Number(toast.dataset.toast));
  });
}

export function say(text, link) {
  if (!box()) return;
  const close = element('button', { class: 'toast__x', type: 'button', 'data-act': 'close-toast', 'aria-label': word('close') }, '×');
  const parts = [element('span', {}, text)];
  if (link) parts.push(element('a', { class: 'push strong', href: link.href }, link.text));
  box().append(element('div', { class: 'float toast', role: 'alert' }, ...parts, close));
}

function failed(event) {
  const code = event.detail.xhr ? event.detail.xhr.status : 0;
  if (event.target.closest('[data-quiet]')) return;
  if (code === 401) say(word('signedOut'), { href: location.href, text: word('signIn') });
  else if (code === 403) say(word('forbidden'));
  else say(word('failed'));
}

export function startToasts() {
  arm(document);
  document.addEventListener('htmx:afterSettle', () => arm(document));
  document.addEventListener('htmx:responseError', failed);
  document.addEventListener('htmx:sendError', failed);
  document.addEventListener('click', (event) => {
    const close = event.target.closest('[data-act="close-toast"]');
    if (close) dismiss(close);
  });
}
