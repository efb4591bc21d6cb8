// Words of the interface in the reader's language: <template id="words" data-close="…">.
// Read once, when the page is whole: a swap must not take the words away.
const words = Object.assign({}, document.getElementById('words').dataset);
export const word = (name) => words[name] || name;

export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.append(...children);
  return made;
}
