// Village lists: stamped pages are sent when chosen, one box ticks all. Print button of sheets.

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

export function startRosters() {
  document.addEventListener('change', sendAtOnce);
  document.addEventListener('change', tickAll);
  document.addEventListener('click', (event) => { if (event.target.closest('[data-act="print"]')) window.print(); });
}
