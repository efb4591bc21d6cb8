// From the phone to the portal: photos in pieces, then the visit under its own number. Whatever is cut goes on where it
// stopped; whatever is sent twice is stored once. A visit leaves the phone only after the portal has answered for it.
import { work } from './phone-store.js';

const PIECE = 128 * 1024;
let isRunning = false;

const OFFLINE = { status: 0 };

async function ask(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, { credentials: 'same-origin', redirect: 'manual', ...options, headers: { Accept: 'application/json', ...options.headers } });
  } catch (error) { return OFFLINE; }
  if (answer.type === 'opaqueredirect' || answer.status === 403) return { status: 401 };
  const said = await answer.json().catch(() => ({}));
  return { status: answer.status, said };
}

export const hello = (places) => ask(places.hello);
export const dayPackage = (places) => ask(places.package);

// Ten reads of the heater by the portal, now (J-31): {passed, good, asked, lines}. Needs a signal, unlike all the rest.
export async function readAtDoor(places, heater) {
  const signed = await hello(places);
  if (signed.status !== 200) return signed;
  return ask(places.read.replace('/0/', `/${heater}/`), { method: 'POST', body: new URLSearchParams({ deed: 'door' }), headers: { 'X-CSRFToken': signed.said.csrf } });
}

async function sendPhoto(places, visit, photo, csrf) {
  const bytes = await work.bytes('photos', photo.key);
  if (!bytes) return { status: 410, said: {} };
  let offset = photo.received || 0;
  let stuck = 0;
  while (offset < bytes.byteLength && stuck < 3) {
    const seen = Object.entries({ longitude: photo.longitude, latitude: photo.latitude, accuracy_m: photo.accuracy_m, taken_at: photo.taken_at }).filter(([, value]) => value != null);
    const query = new URLSearchParams([['key', photo.key], ['stage', photo.stage], ['size', bytes.byteLength], ['offset', offset], ['gallery', photo.gallery ? 1 : 0], ...seen]);
    const answer = await ask(`${places.piece.replace('/0/', `/${visit.task}/`)}?${query}`, {
      method: 'POST', body: bytes.slice(offset, offset + PIECE), headers: { 'X-CSRFToken': csrf, 'Content-Type': 'application/octet-stream' },
    });
    if (answer.status !== 200) return answer;
    stuck = answer.said.received > offset ? 0 : stuck + 1;
    offset = answer.said.received;
    photo.received = offset;
    await work.put('visits', visit.task, visit);
  }
  return offset >= bytes.byteLength ? { status: 200, said: {} } : OFFLINE;
}

const told = ({ request_id, result, answers, opinion, signature, signer_name, defect, due_on, found }) => (
  JSON.stringify({ request_id, result, answers, opinion, signature, signer_name, defect, due_on, found }));

export async function forget(visit) {
  for (const photo of visit.photos) await work.remove('photos', photo.key);
  await work.remove('visits', visit.task);
}

async function settled(visit, answer) {
  if (answer.status === 200) {
    for (const photo of visit.photos) await work.remove('photos', photo.key);
    await work.put('visits', visit.task, { task: visit.task, owner: visit.owner, state: 'sent', result: answer.said.result, at: Date.now(), photos: [] });
  } else {
    Object.assign(visit, { state: answer.status === 409 ? 'conflict' : 'returned', answer: answer.said });
    await work.put('visits', visit.task, visit);
  }
}

async function sendVisit(places, visit, csrf) {
  for (const photo of visit.photos) {
    const answer = await sendPhoto(places, visit, photo, csrf);
    if (answer.status !== 200) return answer;
  }
  const address = places.send.replace('/0/', `/${visit.task}/`);
  return ask(address, { method: 'POST', body: told(visit), headers: { 'X-CSRFToken': csrf, 'Content-Type': 'application/json' } });
}

const isFinal = (status) => [200, 404, 409, 410, 422].includes(status);

// Sends what waits. `step` is called after each visit. Answers 'offline', 'signed-out', 'busy', 'other' or 'done'.
export async function sync(places, step) {
  if (isRunning) return 'busy';
  isRunning = true;
  try {
    const who = await hello(places);
    if (who.status !== 200) return who.status === 401 ? 'signed-out' : 'offline';
    const waiting = (await work.all('visits')).filter((visit) => visit.state === 'waiting');
    const own = waiting.filter((visit) => visit.owner === who.said.owner);
    for (const visit of own) {
      const answer = await sendVisit(places, visit, who.said.csrf);
      if (answer.status === 401) return 'signed-out';
      if (!isFinal(answer.status)) return 'offline';
      await settled(visit, answer);
      await step();
    }
    return own.length < waiting.length ? 'other' : 'done';
  } finally { isRunning = false; }
}
