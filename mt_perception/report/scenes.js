// the viewer lies in the page once; it starts for the frames that are opened
const viewer = JSON.parse(document.getElementById("viewer").textContent);

function show(scene) {
  scene.querySelector("iframe")?.remove();
  if (!scene.open) return;
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  frame.srcdoc = viewer.join(scene.querySelector("script").textContent);
  scene.append(frame);
}

for (const scene of document.querySelectorAll("details.scene")) {
  scene.addEventListener("toggle", () => show(scene));
  show(scene); // it may have been opened before the end of the page was read
}
