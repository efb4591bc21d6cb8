// The cards of one home at the door, drawn from what the phone keeps. Every change is kept before anything else happens.
import { element } from './words.js';
import { startPad } from './pad.js';
// Drawn by name, for the build that collects icons: #i-scan #i-eraser #i-map-pin #i-chevron-right #i-alert-triangle #i-plug

const words = Object.assign({}, document.getElementById('phone-words').dataset);
export const say = (name, ...values) => values.reduce((text, value, n) => text.replace(`{${n}}`, value), words[name] || name);

const SVG = 'http://www.w3.org/2000/svg';
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'i');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `${words.icons}#i-${name}`);
  svg.append(use);
  return svg;
}

export const status = (text, look) => element('span', { class: `st st--${look}` }, text);

const numberOf = (text) => (/^-?\d+([.,，]\d+)?$/.test(text.trim()) ? Number(text.trim().replace(/[,，]/, '.')) : NaN);

// Why an item still stands between the visit and "passed"; '' when it does not. The portal asks the same again.
export function openReason(item, visit, home) {
  const answer = (visit.answers[item.code] || '').trim();
  if (item.kind === 'photo') return item.required && !visit.photos.some((one) => one.stage === item.stage) && !home.stages.includes(item.stage) ? say('missing') : '';
  if (item.kind === 'signature') return item.required && !visit.signature && !visit.signer_name.trim() ? say('missing') : '';
  if (item.kind === 'telemetry') return '';
  if (!answer) return item.required ? say('missing') : '';
  if (item.kind === 'yes_no') return answer === 'bad' ? say('failed') : '';
  const value = numberOf(answer);
  if (Number.isNaN(value)) return say('number');
  const low = item.min == null ? -Infinity : Number(item.min);
  const high = item.max == null ? Infinity : Number(item.max);
  const within = item.exclusive ? value > low && value < high : value >= low && value <= high;
  return within ? '' : say('range', standard(item));
}

export function standard(item) {
  const [least, most] = item.exclusive ? ['>', '<'] : ['≥', '≤'];
  const parts = [item.min == null ? '' : `${least} ${item.min}`, item.max == null ? '' : `${most} ${item.max}`, item.about == null ? '' : `≈ ${item.about}`].filter(Boolean);
  return `${parts.join(' · ')}${item.unit ? ` ${item.unit}` : ''}`;
}

export const openItems = (visit, home) => home.items.filter((item) => openReason(item, visit, home));

function card(title, items, visit, home, number, ...content) {
  const open = items.filter((item) => openReason(item, visit, home)).length;
  const no = element('span', { class: `m__no ${open ? 'm__no--now' : 'm__no--did'}` }, open ? String(number) : '✓');
  const badge = items.length ? [open ? status(say('open', open), 'warn') : status(say('complete'), 'done')] : [];
  return element('section', { class: 'm__card', 'data-card': '' }, element('h2', {}, no, title, ...badge), ...content);
}

function pick(item, visit, change, choices) {
  const group = element('fieldset', { class: 'check', id: `item-${item.code}`, 'data-item': 'choice' });
  const label = element('div', {}, element('legend', {}, item.text));
  const notes = [item.clause, item.tool].filter(Boolean).join(' · ');
  if (notes) label.append(element('small', {}, notes));
  const box = element('div', { class: 'pick' });
  choices.forEach(([value, text]) => {
    const input = element('input', { type: 'radio', name: `item-${item.code}`, value });
    input.checked = visit.answers[item.code] === value;
    input.addEventListener('change', () => change(() => { visit.answers[item.code] = value; }));
    box.append(element('label', {}, input, element('span', value === 'bad' ? { class: 'is-bad' } : {}, text)));
  });
  group.append(label, box);
  return group;
}

const yesNo = () => [['ok', say('ok')], ['bad', say('bad')], ['na', say('na')]];

function measure(item, visit, change) {
  const input = element('input', { class: 'input m__number', name: `item-${item.code}`, inputmode: 'decimal', autocomplete: 'off', maxlength: '6', 'aria-label': item.text });
  input.value = visit.answers[item.code] || '';
  input.addEventListener('input', () => change(() => { visit.answers[item.code] = input.value; }));
  const about = element('span', { class: 'soft' }, item.text, element('br', {}), element('span', { class: 'small muted' }, [say('standard', standard(item)), item.tool].filter(Boolean).join(' · ')));
  return element('label', { class: 'row', id: `item-${item.code}` }, input, about);
}

function area(name, value, rows, change) {
  const field = element('textarea', { class: 'input', name, rows, maxlength: '300', 'aria-label': say(name) });
  field.value = value;
  field.addEventListener('input', () => change(field.value));
  return field;
}

export function identity(home, visit, change, number) {
  const items = home.items.filter((item) => item.code === 'IDENTITY');
  const { metres, accuracy_m: accuracy } = visit.found;
  const place = metres == null ? say('noplace') : say('metres', metres, accuracy == null ? '?' : accuracy);
  const words = element('p', { class: 'soft', 'data-place': '' }, `${say('idtail', home.id_tail || '—')} ${place}`);
  return card(say('identity'), items, visit, home, number, words, ...items.map((item) => pick(item, visit, change, yesNo())));
}

export function photos(home, visit, shots, shoot, drop, number) {
  const items = home.items.filter((item) => item.kind === 'photo');
  const box = element('div', { class: 'photos' });
  home.stages.forEach((stage) => box.append(element('p', { class: 'small muted' }, `${say(stage)} · ${say('onfile')}`)));
  visit.photos.filter((one) => one.stage !== 'defect').forEach((one) => box.append(figure(one, shots, drop)));
  items.forEach((item) => box.append(shutter(item.text, item.stage, `item-${item.code}`, shoot)));
  return card(say('photos'), items, visit, home, number, box, element('p', { class: 'small muted gap' }, say('photonote')));
}

export function figure(photo, shots, drop) {
  const picture = element('img', { src: shots[photo.key] || '', alt: say(photo.stage), width: '320', height: '240' });
  const away = element('button', { class: 'btn btn--s', type: 'button' }, say('drop'));
  away.addEventListener('click', () => drop(photo));
  return element('figure', { class: 'photo' }, picture, element('span', { class: 'photo__flag' }, say(photo.stage), photo.gallery ? ` · ${say('gallery')}` : ''), away);
}

export function shutter(text, stage, id, shoot) {
  const input = element('input', { class: 'sr', type: 'file', accept: 'image/*', capture: 'environment', name: `photo-${stage}`, 'aria-label': text });
  input.addEventListener('change', () => { if (input.files[0]) shoot(stage, input.files[0]); });
  return element('label', { class: 'shoot', id }, icon('camera'), element('span', {}, text), input);
}

function door(home, visit, reading) {
  if (!home.heater) return [];
  const button = element('button', { class: 'btn btn--s', type: 'button', 'data-door': '' }, icon('plug'), say('doorread'));
  button.addEventListener('click', () => { button.setAttribute('aria-busy', 'true'); reading(); });
  const { status: code, said = {} } = visit.door || {};
  const words = visit.door ? element('div', { class: 'small', role: 'status' }) : '';
  if (said.lines) words.append(status(say('doorgood', said.good, said.asked), said.good === said.asked ? 'done' : said.good ? 'warn' : 'bad'), ...said.lines.map((line) => element('div', {}, `${line.passed ? '✓' : line.passed === null ? '—' : '✗'} ${line.words}`)));
  else if (words) words.append(said.sentence || say(code === 401 ? 'signedout' : 'doornosignal'));
  return [element('p', { class: 'gap' }, button), words];
}

export function device(home, visit, change, scanning, reading, number) {
  const items = home.items.filter((item) => item.kind === 'telemetry');
  const live = home.live ? say('live', new Date(home.live.at).toLocaleString(), home.live.supply || '—', home.live.return || '—') : say('notheard');
  const plate = element('input', { class: 'input', name: 'plate', autocomplete: 'off', maxlength: '60', 'aria-label': say('plate') });
  plate.value = visit.found.plate || '';
  plate.addEventListener('input', () => change(() => { visit.found.plate = plate.value; }));
  const match = home.plate && visit.found.plate ? status(sameCode(visit.found.plate, home.plate) ? say('same') : say('other'), sameCode(visit.found.plate, home.plate) ? 'done' : 'bad') : '';
  const video = element('video', { hidden: '', playsinline: '', width: '320' });
  const row = element('div', { class: 'row' }, plate, match);
  if (scanning) {
    const button = element('button', { class: 'btn btn--s push', type: 'button', 'data-scan': '' }, icon('scan'), say('scan'));
    button.addEventListener('click', () => scanning(video));
    row.append(button);
  }
  const notes = items.length ? [element('p', { class: 'small muted' }, `${live} ${say('platform')}`), ...door(home, visit, reading)] : [];
  return card(say('device'), [], visit, home, number, element('p', { class: 'soft' }, `${home.device || ''} `, element('span', { class: 'mono' }, home.plate || '')), row, video, ...notes);
}

const sameCode = (one, other) => one.toUpperCase().replace(/\s/g, '') === other.toUpperCase().replace(/\s/g, '');

export function checks(home, visit, change, number) {
  const items = home.items.filter((item) => (item.kind === 'yes_no' && item.code !== 'IDENTITY') || (item.kind === 'number' && item.code !== 'ROOM_TEMP'));
  const rows = items.map((item) => (item.kind === 'number' ? measure(item, visit, change) : pick(item, visit, change, yesNo())));
  return items.length ? card(say('checks'), items, visit, home, number, ...rows) : null;
}

export function room(home, visit, change, number) {
  const items = home.items.filter((item) => item.code === 'ROOM_TEMP');
  return items.length ? card(say('room'), items, visit, home, number, ...items.map((item) => measure(item, visit, change))) : null;
}

export function opinion(home, visit, change, number) {
  const choices = ['satisfied', 'fair', 'unhappy'].map((name) => [name, say(name)]);
  const mood = pick({ code: 'opinion', text: say('opinion') }, { answers: { opinion: visit.mood } }, () => {}, choices);
  mood.addEventListener('change', (event) => change(() => { visit.mood = event.target.value; visit.opinion = opinionWords(visit); }));
  const text = area('words', visit.opinion_words || '', '2', (value) => change(() => { visit.opinion_words = value; visit.opinion = opinionWords(visit); }));
  return card(say('opinion'), [], visit, home, number, mood, text);
}

const opinionWords = (visit) => [visit.mood ? say(visit.mood) : '', visit.opinion_words || ''].filter(Boolean).join('：').slice(0, 300);

export function signature(home, visit, change, number) {
  const items = home.items.filter((item) => item.kind === 'signature');
  if (!items.length) return null;
  const pad = element('div', { class: 'pad' }, element('canvas', { width: '680', height: '224', 'data-pad': '', role: 'img', 'aria-label': items[0].text }), element('span', {}, items[0].text));
  const hidden = element('input', { type: 'hidden', name: 'signature' });
  hidden.value = visit.signature || '';
  const clear = element('button', { class: 'btn btn--s', type: 'button', 'data-clear': '' }, icon('eraser'), say('clear'));
  const name = element('input', { class: 'input m__signer', name: 'signer_name', maxlength: '40', autocomplete: 'off', 'aria-label': say('signer') });
  name.value = visit.signer_name;
  name.addEventListener('input', () => change(() => { visit.signer_name = name.value; }));
  const made = card(say('signature'), items, visit, home, number, pad, hidden, element('p', { class: 'row gap' }, clear, element('label', { class: 'row small push' }, say('signer'), name)));
  made.id = `item-${items[0].code}`;
  startPad(made, () => change(() => { visit.signature = hidden.value; }));
  return made;
}

export function defects(home, visit, shots, change, shoot, drop, refuse) {
  const day = element('input', { class: 'input input--mid', type: 'date', name: 'due_on', 'aria-label': say('dueon') });
  day.value = visit.due_on;
  day.addEventListener('change', () => change(() => { visit.due_on = day.value; }));
  const button = element('button', { class: 'btn', type: 'button', 'data-refuse': '' }, say('refuse'));
  button.addEventListener('click', refuse);
  const pictures = element('div', { class: 'photos gap' }, ...visit.photos.filter((one) => one.stage === 'defect').map((one) => figure(one, shots, drop)), shutter(say('defectphoto'), 'defect', 'item-defect-photo', shoot));
  const box = element('details', { id: 'refuse' }, element('summary', { class: 'strong' }, say('refuse')),
    element('label', { class: 'field gap' }, element('span', {}, say('defect')), area('defect', visit.defect, '2', (value) => change(() => { visit.defect = value; }))),
    pictures, element('label', { class: 'field gap' }, element('span', {}, say('dueon')), day), element('p', { class: 'gap' }, button));
  box.open = Boolean(visit.defect);
  return element('section', { class: 'm__card' }, box);
}
