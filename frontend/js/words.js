// Words of the interface in the reader's language: <template id="words" data-close="…">.
export const word = (name) => document.getElementById('words').dataset[name] || name;

export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.append(...children);
  return made;
}
