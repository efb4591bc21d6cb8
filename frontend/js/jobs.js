// Job tray: one shared fragment, asked for while the page is visible: every 2 s while something runs and the tray is
// open, else every 15 s. The server may answer 304; `data-running` on the fragment's root says how many run.
const OPEN_MS = 2000;
const BUSY_MS = 5000;
const CALM_MS = 30000;

export function startJobs() {
  const list = document.getElementById('job-list');
  const tray = document.getElementById('job-tray');
  if (!list || !tray) return;
  let timer = 0;
  let running = 0;
  let etag = '';

  function show(html) {
    list.innerHTML = html;
    const head = list.querySelector('[data-running]');
    running = head ? Number(head.dataset.running) : 0;
    const count = document.getElementById('job-count');
    count.className = running ? 'tool__n' : '';
    count.textContent = running ? String(running) : '';
  }

  function next() {
    clearTimeout(timer);
    const wait = running ? (tray.open ? OPEN_MS : BUSY_MS) : CALM_MS;
    timer = setTimeout(ask, wait * (0.9 + Math.random() * 0.2));
  }

  function ask() {
    if (document.hidden) { next(); return; }
    fetch(list.dataset.tray, { credentials: 'same-origin', headers: { 'HX-Request': 'true', 'X-Unattended': '1', 'If-None-Match': etag } })
      .then((answer) => {
        if (answer.status !== 200 || answer.redirected) return null;
        etag = answer.headers.get('ETag') || '';
        return answer.text();
      })
      .then((html) => { if (html !== null) show(html); })
      .catch(() => {})
      .then(next);
  }

  tray.addEventListener('toggle', () => { if (tray.open) ask(); });
  document.addEventListener('portal:job', ask);
  timer = setTimeout(ask, 1500);
}
