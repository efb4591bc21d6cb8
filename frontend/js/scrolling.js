// Boxes that scroll sideways on this screen can be reached by Tab, so that the keyboard scrolls them too. Which ones do
// depends on the width, so it is looked at again when the window or its content changes.
const BOXES = '.grid-wrap, .grid-box, .panel, .mil, .a4';

function reach() {
  document.querySelectorAll(BOXES).forEach((box) => {
    const scrolls = box.scrollWidth > box.clientWidth && ['auto', 'scroll'].includes(getComputedStyle(box).overflowX);
    if (scrolls && !box.hasAttribute('tabindex')) {
      box.tabIndex = 0;
      box.dataset.reached = '1';
    } else if (!scrolls && box.dataset.reached) {
      box.removeAttribute('tabindex');
      delete box.dataset.reached;
    }
  });
}

export function startScrolling() {
  reach();
  window.addEventListener('resize', reach);
  document.addEventListener('htmx:afterSettle', reach);
}
