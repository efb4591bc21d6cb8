// The inspector's phone: today's homes, one home at the door, what waits to be sent. Works without signal; the portal
// hears of it when there is one. See docs/acceptance.md for what is kept on the phone and how long.
import { element } from './words.js';
import { day, newKey, work } from './phone-store.js';
import { dayPackage, forget, hello, readAtDoor, sync } from './phone-sync.js';
import { facts, findPlace, metresBetween, shrink } from './phone-shots.js';
import { canScan, scan } from './phone-scan.js';
import * as cards from './phone-cards.js';

const { say, status, icon } = cards;
const root = document.querySelector('[data-phone]');
const view = document.querySelector('[data-view]');
const bar = document.querySelector('[data-bar]');
const places = root.dataset;
const RETRY_MS = 30000;

let trouble = '';
let queue = Promise.resolve();
const shots = {};

// --- What is kept ---------------------------------------------------------------------------------------------------

const stamp = () => new Date().toISOString();

async function taken() {
  const kept = await day.get('package', 'today');
  if (kept && new Date(kept.good_until) > new Date()) return kept;
  if (kept) await day.wipe();
  return null;
}

function keep(visit) {
  visit.kept_at = Date.now();
  const copy = JSON.parse(JSON.stringify(visit));
  queue = queue.then(() => work.put('visits', visit.task, copy)).catch(() => { trouble = 'full'; net(); });
  return queue;
}

function begun(home, owner) {
  return {
    request_id: newKey(), owner, task: home.task, home, state: 'draft', began_at: stamp(), answers: {}, found: {}, photos: [],
    opinion: '', signature: '', signer_name: '', defect: '', due_on: '', result: '',
  };
}

async function visitOf(task) {
  const kept = await work.get('visits', task);
  if (kept && kept.home) return kept;
  const today = await taken();
  const home = today && today.homes.find((one) => one.task === task);
  return home && !kept ? begun(home, today.owner) : null;
}

// --- The head: where we are, and whether there is a signal ----------------------------------------------------------

function title(text, sub, back) {
  document.querySelector('[data-title]').textContent = text;
  document.querySelector('[data-sub]').textContent = sub;
  document.querySelector('[data-back]').setAttribute('href', back);
}

async function net() {
  const waiting = (await work.all('visits')).filter((visit) => visit.state === 'waiting').length;
  const chip = document.querySelector('[data-net]');
  chip.textContent = '';
  const offline = trouble === 'offline' || !navigator.onLine;
  const look = waiting || offline ? 'warn' : 'ok';
  chip.append(status([offline ? say('offline') : say('online'), waiting ? say('tosend', waiting) : ''].filter(Boolean).join(' · '), look));
}

function note(look, text, ...more) {
  return element('div', { class: `callout callout--${look}`, role: 'status' }, icon('alert-triangle'), element('div', {}, text, ...more));
}

// --- Today's homes --------------------------------------------------------------------------------------------------

const LOOKS = { draft: 'busy', waiting: 'warn', conflict: 'bad', returned: 'bad', sent: 'done' };

function homeLine(home, visit) {
  const state = visit ? status(say(`state_${visit.state}`), LOOKS[visit.state]) : status(home.again ? say('again') : say('waits'), home.again ? 'warn' : 'idle');
  const small = element('small', {}, [home.village, home.door_no, home.dwelling_no].filter(Boolean).join(' · '));
  const line = element('span', {}, element('b', {}, home.name), ' ', element('span', { class: `tech tech--${home.route}` }, home.technology), small);
  return element('li', {}, element('a', { href: `#home/${home.task}` }, line, element('span', { class: 'push' }, state, icon('chevron-right'))));
}

function conflictCard(visit) {
  const { answer = {}, home } = visit;
  const other = answer.meanwhile;
  const lines = [element('p', {}, answer.sentence || '')];
  if (other) lines.push(element('p', {}, say('meanwhile', other.person, new Date(other.at).toLocaleString(), other.result)));
  lines.push(element('p', { class: 'soft' }, say('mine', visit.result === 'passed' ? say('passed') : say('notpassed'), new Date(visit.found.visited_at).toLocaleString())));
  const away = element('button', { class: 'btn btn--s', type: 'button', 'data-discard': '' }, say('discard'));
  away.addEventListener('click', async () => { await forget(visit); show(); });
  const look = other ? [element('a', { class: 'btn btn--s', href: other.address }, say('look'))] : [];
  return element('section', { class: 'm__card', 'data-conflict': String(visit.task) }, element('h2', {}, `${home.name} · ${home.dwelling_no}`, status(say('state_conflict'), 'bad')), ...lines, element('p', { class: 'row gap' }, ...look, away));
}

async function listView() {
  const today = await taken();
  const visits = await work.all('visits');
  const mine = today ? visits.filter((visit) => visit.owner === today.owner) : visits;
  const byTask = Object.fromEntries(mine.map((visit) => [visit.task, visit]));
  const homes = today ? today.homes : [];
  const kept = mine.filter((visit) => visit.home && !homes.some((home) => home.task === visit.task)).map((visit) => visit.home);
  title(say('today'), today ? say('homes', homes.length) : say('notaken'), places.plain);
  const parts = [];
  if (trouble === 'signed-out') parts.push(note('warn', say('signedout'), ' ', element('a', { href: places.login }, say('signin'))));
  if (trouble === 'full') parts.push(note('bad', say('full')));
  if (visits.length > mine.length || trouble === 'other') parts.push(note('warn', say('othersowner')));
  mine.filter((visit) => visit.state === 'conflict').forEach((visit) => parts.push(conflictCard(visit)));
  const all = [...kept, ...homes];
  if (all.length) parts.push(element('section', { class: 'm__card m__card--list' }, element('ul', { class: 'tasks' }, ...all.map((home) => homeLine(home, byTask[home.task])))));
  else parts.push(element('section', { class: 'm__card' }, element('p', {}, say('takehint'))));
  view.replaceChildren(...parts);
  listBar(today, mine.filter((visit) => visit.state === 'waiting').length);
}

function listBar(today, waiting) {
  const take = element('button', { class: 'btn', type: 'button', 'data-take': '' }, icon('download'), say(today ? 'takeagain' : 'take'));
  take.addEventListener('click', takeAlong);
  const send = element('button', { class: 'btn btn--primary m__submit', type: 'button', 'data-send': '' }, icon('upload'), say('send', waiting));
  send.addEventListener('click', push);
  bar.replaceChildren(element('div', { class: 'row' }, take, ...(waiting ? [send] : [])), element('p', { class: 'small muted' }, today ? say('until', new Date(today.good_until).toLocaleString()) : ''));
}

async function takeAlong() {
  const answer = await dayPackage(places);
  trouble = answer.status === 200 ? '' : (answer.status === 401 ? 'signed-out' : 'offline');
  if (answer.status === 200) {
    const { csrf, ...kept } = answer.said;
    await day.put('package', 'today', kept);
    for (const visit of await work.all('visits')) if (visit.state === 'sent') await work.remove('visits', visit.task);
  }
  net();
  show();
}

// --- One home -------------------------------------------------------------------------------------------------------

async function homeView(task) {
  const visit = await visitOf(task);
  if (!visit) { location.hash = ''; return; }
  const { home } = visit;
  title(say('visit'), `${home.village} · ${home.dwelling_no}`, '#');
  await pictures(visit);
  if (visit.state === 'waiting') { waitingView(visit); return; }
  const redraw = () => draw(visit);
  if (visit.found.longitude == null) findPlace((place) => locate(visit, place, redraw));
  redraw();
}

async function pictures(visit) {
  for (const photo of visit.photos) {
    if (shots[photo.key]) continue;
    const bytes = await work.bytes('photos', photo.key);
    if (bytes) shots[photo.key] = URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' }));
  }
}

function locate(visit, place, redraw) {
  if (!place) return;
  Object.assign(visit.found, place);
  if (visit.home.latitude != null) visit.found.metres = metresBetween(place, visit.home);
  if (visit.state === 'draft' && visit.kept_at) keep(visit);
  if (location.hash === `#home/${visit.task}` && !view.contains(document.activeElement)) redraw();
}

function who(home) {
  const map = home.latitude == null ? [] : [element('a', { class: 'm__icon m__icon--soft push', href: `geo:${home.latitude},${home.longitude}`, 'aria-label': say('way') }, icon('map-pin'))];
  const name = element('div', { class: 'm__name' }, home.name, element('span', { class: `tech tech--${home.route}` }, home.technology));
  const about = element('div', { class: 'soft' }, [home.door_no, home.kind, home.area_m2 ? `${home.area_m2} ㎡` : ''].filter(Boolean).join(' · '));
  return element('section', { class: 'm__card' }, element('div', { class: 'row row--top' }, element('div', { class: 'm__who' }, name, about), ...map));
}

function draw(visit) {
  const { home } = visit;
  const change = (apply) => { apply(); visit.state = 'draft'; keep(visit); submitBar(visit); marks(visit); };
  const shoot = (stage, file) => photograph(visit, stage, file);
  const drop = async (photo) => { await work.remove('photos', photo.key); visit.photos = visit.photos.filter((one) => one.key !== photo.key); await keep(visit); if (location.hash === `#home/${visit.task}`) draw(visit); };
  const scanning = canScan() ? (video) => scan(video, (text) => { visit.found.plate = text; keep(visit); draw(visit); }, () => { trouble = ''; }) : null;
  const reading = async () => { visit.door = await readAtDoor(places, home.heater); await keep(visit); if (location.hash === `#home/${visit.task}`) draw(visit); };
  let number = 0;
  const next = () => { number += 1; return number; };
  const parts = [who(home)];
  if (home.guard) parts.push(note('warn', home.guard));
  if (visit.state === 'returned') parts.push(returnedNote(visit));
  parts.push(cards.identity(home, visit, change, next()), cards.photos(home, visit, shots, shoot, drop, next()), cards.device(home, visit, change, scanning, reading, next()),
    cards.checks(home, visit, change, next()), cards.room(home, visit, change, next()), cards.opinion(home, visit, change, next()), cards.signature(home, visit, change, next()),
    cards.defects(home, visit, shots, change, shoot, drop, () => refuse(visit)));
  view.replaceChildren(...parts.filter(Boolean));
  submitBar(visit);
}

function returnedNote(visit) {
  const { answer = {} } = visit;
  const list = element('ul', {}, ...(answer.faults || []).map((fault) => element('li', {}, element('a', { href: `#home/${visit.task}`, 'data-jump': fault.field }, fault.sentence))));
  return note('bad', answer.sentence || say('state_returned'), list);
}

// Numbers and badges of the cards without drawing them anew: the finger stays where it is.
function marks(visit) {
  view.querySelectorAll('[data-card]').forEach((card) => {
    const codes = [...card.querySelectorAll('[id^="item-"]'), card].map((one) => one.id.replace('item-', '')).filter(Boolean);
    const items = visit.home.items.filter((item) => codes.includes(item.code) && item.kind !== 'telemetry');
    const badge = card.querySelector('h2 .st');
    if (!items.length || !badge) return;
    const open = items.filter((item) => cards.openReason(item, visit, visit.home)).length;
    badge.replaceWith(open ? status(say('open', open), 'warn') : status(say('complete'), 'done'));
    const no = card.querySelector('.m__no');
    no.className = `m__no ${open ? 'm__no--now' : 'm__no--did'}`;
    if (!open) no.textContent = '✓';
  });
}

function submitBar(visit) {
  const open = cards.openItems(visit, visit.home);
  const rectify = element('a', { class: 'btn m__refuse', href: '#refuse' }, say('rectify'));
  rectify.addEventListener('click', (event) => { event.preventDefault(); const box = view.querySelector('#refuse'); box.open = true; box.scrollIntoView(); });
  const submit = element('button', { class: 'btn btn--primary m__submit', type: 'button', 'data-submit': '' }, open.length ? say('some', open.length) : say('submit'));
  submit.addEventListener('click', () => (open.length ? jump(open[0].code) : confirm(visit, 'passed')));
  const why = element('p', { class: 'small muted' }, open.map((item) => `“${item.text}” ${cards.openReason(item, visit, visit.home)}`).join('、'));
  bar.replaceChildren(element('div', { class: 'row' }, rectify, submit), why);
}

function jump(code) {
  const target = document.getElementById(`item-${code}`);
  if (!target) return;
  target.scrollIntoView({ block: 'center' });
  const field = target.matches('input') ? target : target.querySelector('input:not([type="hidden"])');
  if (field) field.focus({ preventScroll: true });
}

async function photograph(visit, stage, file) {
  const seen = facts(file);
  const place = seen.longitude == null ? '' : ` ${seen.latitude.toFixed(5)},${seen.longitude.toFixed(5)}`;
  const key = newKey();
  try {
    const bytes = await shrink(file, `${new Date(seen.taken_at).toLocaleString()}${place} ${visit.home.dwelling_no}`);
    await work.put('photos', key, null, bytes);
    shots[key] = URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' }));
  } catch (error) { view.prepend(note('bad', say('nophoto'))); return; }
  visit.photos.push({ key, stage, ...seen });
  visit.state = 'draft';
  await keep(visit);
  draw(visit);
}

function refuse(visit) {
  const lacks = [visit.defect.trim() ? '' : say('defect'), visit.photos.some((one) => one.stage === 'defect') ? '' : say('defectphoto'), visit.due_on ? '' : say('dueon')].filter(Boolean);
  if (lacks.length) view.querySelector('#refuse').append(note('warn', say('lacks', lacks.join('、'))));
  else confirm(visit, 'failed');
}

// The last look before it is handed in: what, how warm, how many photos.
function confirm(visit, result) {
  const sure = element('button', { class: 'btn btn--primary m__submit', type: 'button', 'data-confirm': '' }, result === 'passed' ? say('confirmpassed') : say('confirmfailed'));
  sure.addEventListener('click', () => handIn(visit, result));
  const back = element('button', { class: 'btn m__refuse', type: 'button' }, say('back'));
  back.addEventListener('click', () => submitBar(visit));
  const sum = say('sum', visit.home.name, visit.answers.ROOM_TEMP || '—', visit.photos.length);
  bar.replaceChildren(element('div', { class: 'row' }, back, sure), element('p', { class: 'small muted' }, sum));
  sure.focus();
}

async function handIn(visit, result) {
  Object.assign(visit, { result, state: 'waiting', answer: null });
  Object.assign(visit.found, { began_at: visit.began_at, visited_at: stamp() });
  await keep(visit);
  location.hash = '';
  push();
}

function waitingView(visit) {
  const again = element('button', { class: 'btn', type: 'button', 'data-reopen': '' }, say('reopen'));
  again.addEventListener('click', async () => { visit.state = 'draft'; await keep(visit); draw(visit); });
  view.replaceChildren(who(visit.home), note('warn', say('waitingnote')));
  bar.replaceChildren(element('div', { class: 'row' }, again));
}

// --- Sending --------------------------------------------------------------------------------------------------------

async function push() {
  await queue;
  const told = await sync(places, async () => { if (!location.hash) await listView(); });
  if (told !== 'busy') trouble = told === 'done' ? '' : told;
  net();
  if (!location.hash) await listView();
}

async function show() {
  const [, name, task] = /^#(home)\/(\d+)$/.exec(location.hash) || [];
  if (name) await homeView(Number(task));
  else await listView();
  window.scrollTo(0, 0);
}

async function start() {
  document.body.classList.add('js');
  if (!('serviceWorker' in navigator) || !window.crypto || !crypto.subtle || !window.indexedDB) {
    view.replaceChildren(note('warn', say('unable'), ' ', element('a', { href: places.plain }, say('plain'))));
    return;
  }
  view.addEventListener('click', (event) => { const link = event.target.closest('[data-jump]'); if (link) { event.preventDefault(); jump(link.dataset.jump); } });
  window.addEventListener('hashchange', show);
  window.addEventListener('online', push);
  window.addEventListener('offline', net);
  setInterval(() => { if (!document.hidden && navigator.onLine) push(); }, RETRY_MS);
  navigator.serviceWorker.register(places.worker).catch(() => {});
  if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
  const who = await hello(places);
  const today = await taken();
  if (today && who.status === 200 && who.said.owner !== today.owner) await day.wipe();
  if (who.status === 401) trouble = 'signed-out';
  await net();
  await show();
  if (who.status === 200) push();
}

start();
