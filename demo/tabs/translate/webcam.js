// One frame is on its way at a time: the next is taken when its answer is here. Whatever is drawn anew meanwhile (another
// picture, another direction) is found again at each frame. Out of sight, the camera is switched off.
//
// The generator runs on this device where the server has what that takes, and no picture leaves it; where that does not
// work, or the visitor wants it so, the server computes.
const LEAST = 40; // milliseconds a frame: more than 25 a second are not asked for
const SIZES = [64, 96, 128, 160, 192, 256]; // sides of what this device translates, in pixels
const SLOW = 200; // milliseconds: a picture that takes longer is made smaller
const QUICK = 100; // and a larger one is tried that should not take longer than this
const LOOKS = 4; // pictures of a size before another is chosen
let stream = null;
let facing = "user"; // which camera is asked for: "user" is the front one
let mirrored = true; // as the visitor has it; set anew with each camera
let cameras = [];
let starts = 0;

const find = (selector) => element.querySelector(selector);
const word = (name) => find(".camera")?.dataset[name] ?? "";
const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const tell = (text) => {
  const output = find("output");
  if (output) output.textContent = text;
};

const settings = (some) => some.getVideoTracks()[0].getSettings();
const release = (some) => some?.getTracks().forEach((track) => track.stop());

const stop = (text = "") => {
  release(stream);
  stream = null;
  starts++;
  leave();
  find(".camera")?.classList.remove("live");
  tell(text);
};

const draw = (video, canvas, size) => {
  canvas.width = canvas.height = size;
  const side = Math.min(video.videoWidth, video.videoHeight);
  const [left, top] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (mirrored) context.setTransform(-1, 0, 0, 1, size, 0);
  context.drawImage(video, left, top, side, side, 0, 0, size, size);
  return context;
};

// By the server: {busy} where too many watch, {error} where it cannot be done.
const byServer = async (video) => {
  const { run, direction, size } = find(".camera").dataset;
  const picture = draw(video, find("canvas.seen"), Number(size)).canvas.toDataURL("image/jpeg", 0.88);
  try {
    const answer = await server.frame({ run, direction, picture });
    if (!answer.picture) return answer;
    const image = new Image();
    image.src = answer.picture;
    await image.decode();
    return { image, size };
  } catch {
    return { error: word("lost") };
  }
};

// On this device.
let device = null; // {file, network, at: which of SIZES, times: milliseconds of the last pictures of that size}
let failed = false; // it does not work here: not tried again
const leave = () => {
  device?.network.close();
  device = null;
};

const prepare = async () => {
  const { runtime, file, size } = find(".camera").dataset;
  if (device?.file === file) return;
  leave();
  const { Network, seen, show } = await import(new URL("device/page.js", document.baseURI));
  const load = (share) => tell(word("loading").replace("{percent}", Math.round(100 * share)));
  const at = Math.max(0, SIZES.findLastIndex((each) => each <= Number(size)));
  device = { file, seen, show, at, times: [], network: new Network(runtime, file, load) };
  await device.network.open();
};

const onDevice = async (video) => {
  try {
    await prepare();
    const { size, channels } = find(".camera").dataset;
    const side = SIZES[device.at];
    const values = device.seen(draw(video, find("canvas.seen"), side), Number(channels));
    const began = performance.now();
    const made = await device.network.run(values, [1, Number(channels), side, side]);
    device.times.push(performance.now() - began);
    if (device.times.length >= LOOKS) {
      const usual = Math.min(...device.times.slice(1)); // the first one of a size prepares more
      const next = SIZES[device.at + 1];
      device.times = [];
      if (usual > SLOW && device.at > 0) device.at--;
      else if (next <= 2 * Number(size) && usual * (next / side) ** 2 < QUICK) device.at++;
    }
    return { made, size: side };
  } catch {
    failed = stream !== null && device !== null; // and not merely stopped while it loaded
    leave();
    return { again: true };
  }
};

const live = async (mine, video) => {
  let shown = [];
  while (stream === mine) {
    const panel = find(".camera");
    if (!panel || document.hidden || !element.checkVisibility()) return stop();
    const here = Boolean(panel.dataset.runtime) && !failed && find(".device input").checked;
    panel.classList.add("live");
    panel.classList.toggle("mirrored", mirrored);
    panel.classList.toggle("here", here);
    find(".mirror input").checked = mirrored;
    find(".other").hidden = cameras.length < 2;
    find(".device").hidden = !panel.dataset.runtime || failed;
    const began = performance.now();
    const answer = await (here ? onDevice(video) : byServer(video));
    if (stream !== mine) return;
    if (answer.error) return stop(answer.error);
    if (answer.again) continue;
    if (answer.busy) {
      await rest(500);
      continue;
    }
    const canvas = find("canvas.made");
    if (answer.made) {
      device.show(answer.made, canvas);
    } else {
      canvas.width = answer.image.naturalWidth;
      canvas.height = answer.image.naturalHeight;
      canvas.getContext("2d").drawImage(answer.image, 0, 0);
    }
    canvas.dataset.frames = Number(canvas.dataset.frames ?? 0) + 1;
    const now = performance.now();
    shown = [...shown.filter((time) => now - time < 2000), now];
    if (shown.length > 2) {
      const rate = (1000 * (shown.length - 1)) / (now - shown[0]);
      const words = word("rate").replace("{rate}", rate.toFixed(rate < 10 ? 1 : 0));
      tell(`${word(here ? "here" : "server")} · ${words} · ${answer.size}×${answer.size}`);
    }
    await rest(Math.max(0, LEAST - (now - began)));
  }
};

const ask = (which) =>
  navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 320 }, height: { ideal: 240 }, ...which } });

const start = async (other = null) => {
  stop();
  if (!window.isSecureContext || !navigator.mediaDevices) return tell(word("insecure"));
  const turn = ++starts;
  let mine;
  try {
    mine = await ask({ facingMode: { ideal: facing } });
    cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    if (other && settings(mine).deviceId === other && cameras.length > 1) {
      // none says where it looks, as on a desk: the next one
      release(mine);
      const at = cameras.findIndex(({ deviceId }) => deviceId === other);
      mine = await ask({ deviceId: { exact: cameras[(at + 1) % cameras.length].deviceId } });
    }
  } catch {
    return tell(word("denied"));
  }
  if (turn !== starts) return release(mine); // asked again, or stopped, meanwhile
  stream = mine;
  mirrored = settings(mine).facingMode !== "environment"; // only who sees herself expects a mirror
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  video.srcObject = mine;
  await video.play();
  live(mine, video);
};

element.addEventListener("click", (event) => {
  if (event.target.closest("button.start")) start();
  if (event.target.closest("button.stop")) stop();
  if (event.target.closest("button.other") && stream) {
    facing = facing === "user" ? "environment" : "user";
    start(settings(stream).deviceId);
  }
});

element.addEventListener("change", (event) => {
  if (event.target.closest(".mirror")) mirrored = event.target.checked;
});
