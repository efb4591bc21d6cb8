// Reading the plate: the phone's own detector where there is one; otherwise the code is typed.
export const canScan = () => 'BarcodeDetector' in window && Boolean(navigator.mediaDevices);

export async function scan(video, found, failed) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  } catch (error) { failed(); return; }
  const detector = new window.BarcodeDetector();
  const stop = () => { stream.getTracks().forEach((track) => track.stop()); video.hidden = true; };
  Object.assign(video, { srcObject: stream, hidden: false, muted: true });
  video.play().catch(() => {}); // not awaited: the detector answers nothing until there is a picture
  const until = Date.now() + 30000;
  async function look() {
    const seen = await detector.detect(video).catch(() => []);
    if (seen.length) { stop(); found(seen[0].rawValue); }
    else if (Date.now() > until || !document.contains(video)) { stop(); failed(); }
    else setTimeout(look, 250);
  }
  look();
}
