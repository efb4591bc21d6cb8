// What a person has filled into a form: texts and choices, no files, no passwords or one-time codes.
const FILLED = 'textarea, select:not([multiple]), input:not([type="hidden"]):not([type="file"]):not([type="password"]):not([autocomplete="one-time-code"])';

const fields = (form) => [...form.elements].filter((field) => field.name && field.matches(FILLED));
const isChoice = (field) => field.type === 'radio' || field.type === 'checkbox';

export function valuesOf(form) {
  const values = {};
  fields(form).forEach((field) => {
    if (isChoice(field)) values[field.name] = (values[field.name] || []).concat(field.checked ? field.value : []);
    else values[field.name] = field.value;
  });
  return values;
}

// Whether anything of it differed from what the server wrote: a page sent back with faults holds it already.
export function fill(form, values) {
  const before = JSON.stringify(valuesOf(form));
  fields(form).filter((field) => field.name in values).forEach((field) => {
    if (isChoice(field)) field.checked = values[field.name].includes(field.value);
    else field.value = values[field.name];
  });
  return JSON.stringify(valuesOf(form)) !== before;
}
