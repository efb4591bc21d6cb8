// A full number that was asked for with a reason is shown for as many seconds as the server says, then taken away.
export function startReveal() {
  document.addEventListener('htmx:afterSettle', (event) => {
    const shown = event.target.querySelector && event.target.querySelector('[data-reveal]');
    if (!shown) return;
    const menu = event.target.parentElement && event.target.parentElement.querySelector('details[open]');
    if (menu) menu.open = false;
    setTimeout(() => shown.remove(), Number(shown.dataset.reveal) * 1000);
  });
}
