// Acceptance at the door: counts what is still open while it is being answered, sends photos when chosen, and draws
// the signature. Without script the same form works: answers are posted, the server says what is missing.
import { startDraft, startSignal } from './draft.js';
import { startPad } from './pad.js';

const isAnswered = {
  photo: (item) => Number(item.dataset.have || 0) > 0,
  fixed: (item) => item.dataset.have === '1',
  choice: (item) => Boolean(item.querySelector('input:checked')),
  text: (item) => item.querySelector('input').value.trim() !== '',
  signature: (item) => Boolean(item.querySelector('[name="signature"]').value || item.querySelector('[name="signer_name"]').value.trim()),
};

function openItems(scope) {
  return [...scope.querySelectorAll('[data-item][data-required]')].filter((item) => !isAnswered[item.dataset.item](item));
}

function link(item) {
  const a = document.createElement('a');
  a.href = `#${item.id}`;
  a.textContent = `“${item.dataset.name}”`;
  return a;
}

function markCards(form) {
  form.querySelectorAll('[data-card]').forEach((card) => {
    const no = card.querySelector('[data-no]');
    const isDone = openItems(card).length === 0;
    no.textContent = isDone ? '✓' : no.dataset.no;
    no.classList.toggle('m__no--did', isDone);
    no.classList.toggle('m__no--now', !isDone);
    const badge = card.querySelector('h2 .st');
    if (badge && !badge.dataset.first) badge.dataset.first = badge.textContent;
    if (badge) badge.hidden = isDone && badge.classList.contains('st--warn');
  });
}

function count(form) {
  const open = openItems(form);
  form.querySelector('[data-submit]').textContent = open.length ? form.dataset.some.replace('#', open.length) : form.dataset.none;
  const why = form.querySelector('#why');
  why.textContent = '';
  open.forEach((item, n) => { if (n) why.append('、'); why.append(link(item)); });
  markCards(form);
}

function jump(form, event) {
  const [first] = openItems(form);
  if (!first) return;
  event.preventDefault();
  first.scrollIntoView({ block: 'center' });
  const target = first.querySelector('input:not([type="hidden"])');
  if (target) target.focus({ preventScroll: true });
}

export function startVisit() {
  const form = document.querySelector('[data-visit]');
  if (!form) { startDraft(null); return; } // what has arrived meanwhile is forgotten
  const upload = form.querySelector('[data-upload]');
  form.addEventListener('input', () => count(form));
  form.addEventListener('change', (event) => { if (event.target.matches('[data-photo]') && upload) upload.click(); });
  form.querySelector('[data-submit]').addEventListener('click', (event) => jump(form, event));
  form.querySelector('.m__refuse').addEventListener('click', () => { form.querySelector('#refuse').open = true; });
  startPad(form, () => count(form));
  startSignal(form);
  startDraft(form, () => count(form));
  count(form);
}
