// Review of a roster: after a saved row the cursor goes to the next fault. Print button of sheets.
const NEXT = 'tr:not(.done) .input--bad';

function focusNext(event) {
  const saved = event.target.closest ? event.target.closest('.fix tr') : null;
  if (!saved || document.activeElement !== document.body) return; // somebody is typing elsewhere already
  const own = saved.querySelector('.input--bad');
  const later = Array.from(document.querySelectorAll('.fix ' + NEXT)).find((input) => saved.compareDocumentPosition(input) & Node.DOCUMENT_POSITION_FOLLOWING);
  const next = own || later || document.querySelector('.fix ' + NEXT);
  if (next) { next.focus(); next.select(); }
}

// Escape brings back what the server last said; the Chinese input method keeps its own Escape.
function restore(event) {
  const input = event.target;
  if (event.key !== 'Escape' || event.isComposing || !input.matches || !input.matches('.fix .input--bad')) return;
  input.value = input.defaultValue;
}

// Choosing the pictures of stamped pages sends them: one press less.
function sendAtOnce(event) {
  const input = event.target;
  if (input.matches && input.matches('[data-send-at-once]') && input.files.length) input.form.requestSubmit ? input.form.requestSubmit() : input.form.submit();
}

// One box ticks every village of the list.
function tickAll(event) {
  const all = event.target;
  if (!all.matches || !all.matches('[data-tick-all]')) return;
  all.closest('form').querySelectorAll('input[name="ids"]').forEach((box) => { box.checked = all.checked; });
}

// The page opens with the cursor in the first fault, where there is a keyboard.
function focusFirst() {
  const first = window.matchMedia('(min-width: 900px)').matches && !location.hash && document.querySelector('.fix ' + NEXT);
  if (first) { first.focus({ preventScroll: true }); first.select(); }
}

export function startRosters() {
  focusFirst();
  document.addEventListener('change', sendAtOnce);
  document.addEventListener('change', tickAll);
  document.addEventListener('htmx:afterSettle', focusNext);
  document.addEventListener('keydown', restore);
  document.addEventListener('click', (event) => { if (event.target.closest('[data-act="print"]')) window.print(); });
}
