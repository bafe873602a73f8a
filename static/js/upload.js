// Files dropped or chosen go up one by one, each with its progress, a way to stop and to try again.
// What a row looks like comes from the page (template) and the server (the finished row).

const AT_ONCE = 2;
const waiting = [];
let running = 0;

document.addEventListener("change", (event) => {
  const input = event.target.closest("[data-upload-input]");
  if (!input) return;
  take(input.closest("[data-upload]"), [...input.files]);
  input.value = ""; // they are on their way; the form must not send them again
});

for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const drop = event.target.closest?.("[data-upload-drop]");
    if (!drop) return;
    event.preventDefault();
    drop.toggleAttribute("data-over", name === "dragover");
    if (name === "drop") take(drop.closest("[data-upload]"), [...event.dataTransfer.files]);
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-upload-cancel],[data-upload-retry],[data-upload-remove]");
  const row = button?.closest("[data-upload-row]");
  if (!row) return;
  if (button.matches("[data-upload-retry]") && row.job) restart(row.job);
  else { row.job?.request?.abort(); row.job = null; row.remove(); }
});

function take(panel, files) {
  for (const file of files) {
    const row = panel.querySelector("[data-upload-template]").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-upload-name]").textContent = file.name;
    panel.querySelector("[data-upload-list]").append(row);
    row.job = { panel, file, row };
    const limit = limitOf(panel, file);
    if (file.size > limit * 1024 * 1024) fail(row.job, words(panel.dataset.tooBig, file, limit), false);
    else queue(row.job);
  }
}

// Told before a byte is sent; the server looks at the content itself.
function limitOf({ dataset }, file) {
  if (file.type.startsWith("image/")) return Number(dataset.imageMb);
  return Number(file.type.startsWith("video/") ? dataset.videoMb : dataset.fileMb);
}

const words = (text, file, limit) => text.replace("{size}", (file.size / 1048576).toFixed(1)).replace("{limit}", limit);

function restart(job) {
  job.row.querySelector("[data-upload-error]").textContent = "";
  job.row.removeAttribute("data-state");
  queue(job);
}

function queue(job) {
  waiting.push(job);
  next();
}

function next() {
  while (running < AT_ONCE && waiting.length) start(waiting.shift());
}

function start(job) {
  if (!job.row.isConnected) return;
  const request = new XMLHttpRequest(); // fetch tells no progress of an upload
  const body = new FormData();
  body.append("file", job.file);
  job.request = request;
  running += 1;
  request.open("POST", job.panel.dataset.url);
  request.setRequestHeader("X-CSRFToken", document.body.dataset.csrf);
  request.setRequestHeader("HX-Request", "true");
  request.upload.onprogress = (event) => progress(job, event.loaded / event.total);
  request.onload = () => done(job, request);
  request.onerror = () => fail(job, job.panel.dataset.offline, true);
  request.onloadend = () => { running -= 1; next(); };
  request.send(body);
}

function progress({ row }, share) {
  const percent = Math.floor(share * 100);
  row.querySelector("progress").value = percent;
  row.querySelector("[data-upload-percent]").textContent = `${percent}%`;
}

function done(job, request) {
  const ours = [200, 422, 507].includes(request.status); // taken, refused, no room
  if (!ours) { fail(job, job.panel.dataset.trouble, true); return; }
  window.htmx.swap(job.row, request.responseText, { swapStyle: "outerHTML" });
}

function fail(job, text, canRetry) {
  const { row } = job;
  row.dataset.state = "failed";
  row.querySelector("[data-upload-error]").textContent = text;
  row.querySelector("[data-upload-retry]").hidden = !canRetry;
  row.querySelector("[data-upload-bar]").hidden = true;
}
