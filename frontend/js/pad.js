// Signature pad: strokes on a canvas become a PNG in a hidden field.
function place(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
}

function restore(canvas, pen, address) {
  if (!address) return;
  const image = new Image();
  image.onload = () => pen.drawImage(image, 0, 0);
  image.src = address;
}

export function startPad(form, changed) {
  const canvas = form.querySelector('[data-pad]');
  if (!canvas) return;
  const field = form.querySelector('[name="signature"]');
  const pen = canvas.getContext('2d');
  let isDown = false;
  Object.assign(pen, { lineWidth: 5, lineCap: 'round', lineJoin: 'round', strokeStyle: '#15302e' });
  restore(canvas, pen, field.value);
  canvas.addEventListener('pointerdown', (event) => {
    isDown = true;
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...place(canvas, event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!isDown) return;
    pen.lineTo(...place(canvas, event));
    pen.stroke();
  });
  ['pointerup', 'pointercancel'].forEach((name) => canvas.addEventListener(name, () => {
    if (!isDown) return;
    isDown = false;
    field.value = canvas.toDataURL('image/png');
    changed();
  }));
  form.querySelector('[data-clear]').addEventListener('click', () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    field.value = '';
    changed();
  });
}
