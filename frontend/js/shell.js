// Theme switch without a page load, and menus that close when the reader goes elsewhere.
export function startTheme() {
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-act="theme"]');
    if (!button || !button.form) return;
    event.preventDefault();
    const root = document.documentElement;
    const dark = button.value === 'dark';
    const body = new FormData(button.form);
    body.set('theme', button.value);
    fetch(button.form.action, { method: 'POST', body, credentials: 'same-origin', redirect: 'manual' });
    if (dark) root.setAttribute('data-theme', 'dark');
    else root.removeAttribute('data-theme');
    document.querySelectorAll('[data-act="theme"]').forEach((one) => { one.value = dark ? 'light' : 'dark'; });
    document.dispatchEvent(new CustomEvent('portal:theme'));
  });
}

const openMenus = () => document.querySelectorAll('details.menu[open]');

// Whoever signs out leaves no homes of the day on the phone; what was recorded and not sent yet stays (phone-store.js).
function forgetDay(event) {
  if (event.target.matches('form[action$="/logout/"]') && window.indexedDB) indexedDB.deleteDatabase('visits-day');
}

export function startMenus() {
  document.addEventListener('submit', forgetDay);
  document.addEventListener('click', (event) => openMenus().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    openMenus().forEach((menu) => { menu.open = false; menu.querySelector('summary').focus(); });
  });
}
