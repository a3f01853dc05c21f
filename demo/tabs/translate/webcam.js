// One frame is on its way at a time: the next is taken when its answer is here. Whatever is drawn anew meanwhile (another
// picture, another direction) is found again at each frame. Out of sight, the camera is switched off.
const LEAST = 40; // milliseconds a frame: more than 25 a second are not asked for
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
  find(".camera")?.classList.remove("live");
  tell(text);
};

const draw = (video, canvas, size) => {
  canvas.width = canvas.height = size;
  const side = Math.min(video.videoWidth, video.videoHeight);
  const [left, top] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
  const context = canvas.getContext("2d");
  if (mirrored) context.setTransform(-1, 0, 0, 1, size, 0);
  context.drawImage(video, left, top, side, side, 0, 0, size, size);
  return canvas.toDataURL("image/jpeg", 0.88);
};

const live = async (mine, video) => {
  let shown = [];
  while (stream === mine) {
    const panel = find(".camera");
    if (!panel || document.hidden || !element.checkVisibility()) return stop();
    panel.classList.add("live");
    panel.classList.toggle("mirrored", mirrored);
    find(".mirror input").checked = mirrored;
    find(".other").hidden = cameras.length < 2;
    const began = performance.now();
    const picture = draw(video, find("canvas.seen"), Number(panel.dataset.size));
    const { run, direction } = panel.dataset;
    let answer;
    try {
      answer = await server.frame({ run, direction, picture });
    } catch {
      answer = { error: word("lost") };
    }
    if (stream !== mine) return;
    if (answer.error) return stop(answer.error);
    if (answer.busy) {
      await rest(500);
      continue;
    }
    const made = find("img.made");
    made.src = answer.picture;
    await made.decode().catch(() => {});
    const now = performance.now();
    shown = [...shown.filter((time) => now - time < 2000), now];
    if (shown.length > 2) {
      const rate = (1000 * (shown.length - 1)) / (now - shown[0]);
      tell(word("rate").replace("{rate}", rate.toFixed(rate < 10 ? 1 : 0)));
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
