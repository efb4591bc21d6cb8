// Photos on the phone: made smaller on a canvas, time and place drawn on them and kept beside them. And where we are.
const LONG_SIDE = 1600;
const WANTED = 400 * 1024;
const QUALITIES = [0.82, 0.7, 0.58, 0.45];
const JUST_NOW_MS = 180000; // a file older than this was not taken at the door

let last = null;

export function findPlace(told) {
  if (!navigator.geolocation) { told(null); return; }
  const seen = ({ coords }) => { last = { longitude: coords.longitude, latitude: coords.latitude, accuracy_m: Math.round(coords.accuracy) }; told(last); };
  navigator.geolocation.getCurrentPosition(seen, () => told(last), { enableHighAccuracy: true, timeout: 20000, maximumAge: 30000 });
}

export function metresBetween(one, other) {
  const rad = (degrees) => degrees * Math.PI / 180;
  const half = Math.sin(rad(other.latitude - one.latitude) / 2) ** 2
    + Math.cos(rad(one.latitude)) * Math.cos(rad(other.latitude)) * Math.sin(rad(other.longitude - one.longitude) / 2) ** 2;
  return Math.round(2 * 6371000 * Math.asin(Math.sqrt(half)));
}

function decoded(file) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    const address = URL.createObjectURL(file);
    image.onload = () => { URL.revokeObjectURL(address); resolve(image); };
    image.onerror = () => { URL.revokeObjectURL(address); reject(new Error('no picture')); };
    image.src = address;
  });
}

const packed = (canvas, quality) => new Promise((resolve) => { canvas.toBlob(resolve, 'image/jpeg', quality); });

function watermark(pen, canvas, words) {
  const size = Math.round(canvas.width / 40);
  Object.assign(pen, { font: `${size}px sans-serif`, fillStyle: 'rgba(0,0,0,.55)' });
  pen.fillRect(0, canvas.height - size * 1.7, pen.measureText(words).width + size, size * 1.7);
  pen.fillStyle = '#fff';
  pen.fillText(words, size / 2, canvas.height - size * 0.55);
}

export async function shrink(file, words) {
  const image = await decoded(file);
  const scale = Math.min(1, LONG_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  watermark(pen, canvas, words);
  let blob = null;
  for (const quality of QUALITIES) {
    blob = await packed(canvas, quality);
    if (blob && blob.size <= WANTED) break;
  }
  return blob.arrayBuffer();
}

// What is kept beside the picture; a file from the gallery keeps the time it was made.
export function facts(file) {
  const gallery = Math.abs(Date.now() - file.lastModified) > JUST_NOW_MS;
  return { gallery, taken_at: new Date(gallery ? file.lastModified : Date.now()).toISOString(), ...(gallery ? {} : last) };
}
