// What the phone keeps, in IndexedDB: encrypted with AES-GCM under a key that WebCrypto made and never hands out.
// Two stores: `day` (the homes taken along; gone at sign-out or in the evening) and `work` (what was recorded and has not
// arrived; stays until the portal has it).
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

function open(name, tables) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => tables.forEach((table) => request.result.createObjectStore(table));
  return done(request);
}

export class Store {
  constructor(name, tables) { this.name = name; this.tables = ['keys', ...tables]; }

  async db() {
    if (!this.opened) {
      this.opened = open(this.name, this.tables);
      const db = await this.opened;
      db.onversionchange = () => { db.close(); this.opened = null; };
    }
    return this.opened;
  }

  async table(name, mode = 'readonly') { return (await this.db()).transaction(name, mode).objectStore(name); }

  // Two tabs that begin at once must agree on one key: `add` refuses the second.
  async key() {
    const kept = await done((await this.table('keys')).get('box'));
    if (kept) return kept;
    const made = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    try { await done((await this.table('keys', 'readwrite')).add(made, 'box')); } catch (error) { return this.key(); }
    return made;
  }

  async put(table, id, plain, bytes) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const content = bytes || new TextEncoder().encode(JSON.stringify(plain));
    const box = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await this.key(), content);
    await done((await this.table(table, 'readwrite')).put({ iv, box }, id));
  }

  async bytes(table, id) {
    const kept = await done((await this.table(table)).get(id));
    return kept ? crypto.subtle.decrypt({ name: 'AES-GCM', iv: kept.iv }, await this.key(), kept.box) : null;
  }

  async get(table, id) {
    const bytes = await this.bytes(table, id);
    return bytes ? JSON.parse(new TextDecoder().decode(bytes)) : null;
  }

  async all(table) {
    const ids = await done((await this.table(table)).getAllKeys());
    const rows = [];
    for (const id of ids) rows.push(await this.get(table, id));
    return rows.filter(Boolean);
  }

  async remove(table, id) { await done((await this.table(table, 'readwrite')).delete(id)); }

  async wipe() {
    if (this.opened) { (await this.opened).close(); this.opened = null; }
    await done(indexedDB.deleteDatabase(this.name));
  }
}

export const day = new Store('visits-day', ['package']);
export const work = new Store('visits-work', ['visits', 'photos']);

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((one) => one.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
