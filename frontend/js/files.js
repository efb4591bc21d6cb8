// The control for files in the portal's own words: a face like a button and the chosen names. The browser's own control
// stays underneath for keyboard and screen reader, and stays alone without script. Files may be dropped on it.
import { element, word } from './words.js';

function names(input) {
  const files = Array.from(input.files);
  if (!files.length) return word('noFile');
  return files.length === 1 ? files[0].name : word('files').replace('#', files.length);
}

function dress(input) {
  if (input.dataset.dressed || input.classList.contains('sr')) return; // one that has a face of its own already
  input.dataset.dressed = '1';
  const face = element('span', { class: 'btn btn--s', 'aria-hidden': 'true' }, word(input.multiple ? 'chooseFiles' : 'chooseFile'));
  const chosen = element('span', { class: 'small muted', 'aria-live': 'polite' }, names(input));
  const box = element('span', { class: 'row row--wrap' }, face, '\u00a0', chosen);
  input.before(box);
  box.append(input);
  input.className = 'sr';
  face.addEventListener('click', (event) => { event.preventDefault(); input.click(); });
  input.addEventListener('focus', () => { face.style.outline = '2px solid var(--ember)'; });
  input.addEventListener('blur', () => { face.style.outline = ''; });
  input.addEventListener('change', () => { chosen.textContent = names(input); });
  if (input.form) input.form.addEventListener('reset', () => setTimeout(() => { chosen.textContent = names(input); }));
  const zone = input.closest('.panel') || box;
  zone.addEventListener('dragover', (event) => event.preventDefault());
  zone.addEventListener('drop', (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
}

export function startFiles() {
  const begin = (scope) => scope.querySelectorAll('input[type="file"]').forEach(dress);
  begin(document);
  document.addEventListener('htmx:afterSettle', (event) => begin(event.target));
}
