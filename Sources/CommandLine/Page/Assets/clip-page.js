"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const get = name => document.getElementById(name);
  const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const last = data.frameCount - 1;
  const scrub = get("scrub"), play = get("play");
  let frame = last, playing = false, before = 0, rest = 0;

  const fitted = canvas => {
    const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
    canvas.width = Math.max(1, Math.round(box.width * ratio));
    canvas.height = Math.max(1, Math.round(box.height * ratio));
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return [context, box.width, box.height];
  };

  const faces = data.faces;
  let coordinates = null;
  if (faces) {
    const raw = bytes(faces.coordinates);
    coordinates = new Uint16Array(raw.length / 2);
    for (let i = 0; i < coordinates.length; i++) coordinates[i] = raw[2 * i] | raw[2 * i + 1] << 8;
  }
  const drawFace = () => {
    const canvas = get("mesh");
    if (!canvas || !faces) return;
    const [context, width, height] = fitted(canvas);
    let drawn = 0;
    while (drawn + 1 < faces.frames.length && faces.frames[drawn + 1] <= frame) drawn++;
    const start = drawn * faces.landmarks * 2, margin = 14;
    const tall = Math.min(height - 2 * margin, (width - 2 * margin) / faces.aspect), wide = tall * faces.aspect;
    const left = (width - wide) / 2, top = (height - tall) / 2;
    const x = i => left + coordinates[start + 2 * i] / 65534 * wide;
    const y = i => top + coordinates[start + 2 * i + 1] / 65534 * tall;
    if (coordinates[start] === 65535) {
      context.fillStyle = color("--soft");
      context.font = "1rem system-ui, sans-serif";
      context.textAlign = "center";
      context.fillText("no face in this frame", width / 2, height / 2);
      return;
    }
    context.fillStyle = color("--mesh");
    const size = Math.max(1.1, tall / 260);
    for (let i = 0; i < faces.landmarks; i++) {
      context.beginPath();
      context.arc(x(i), y(i), size, 0, 2 * Math.PI);
      context.fill();
    }
    context.strokeStyle = color("--contour");
    context.lineWidth = 1.6;
    context.lineJoin = "round";
    for (const path of faces.contours) {
      context.beginPath();
      path.forEach((point, i) => i ? context.lineTo(x(point), y(point)) : context.moveTo(x(point), y(point)));
      context.stroke();
    }
  };

  const pictures = data.pictures;
  const showPicture = () => {
    if (!pictures) return;
    let shown = 0;
    while (shown + 1 < pictures.frames.length && pictures.frames[shown + 1] <= frame) shown++;
    get("picture").src = `data:image/jpeg;base64,${pictures.files[shown]}`;
  };

  const layers = data.attention;
  const view = () => layers[get("layer").value].views[get("head").value];
  const drawStrip = () => {
    if (!layers) return;
    const [context, width, height] = fitted(get("strip"));
    const received = view().received, most = Math.max(...received, 1e-9), heat = color("--heat");
    const step = width / received.length;
    received.forEach((value, i) => {
      context.fillStyle = `rgb(${heat} / ${(value / most).toFixed(3)})`;
      const from = Math.round(i * step);
      context.fillRect(from, 0, Math.round((i + 1) * step) - from, height);
    });
    const [first, count] = data.attended;
    if (frame < first || frame >= first + count) return;
    context.fillStyle = color("--ink");
    context.fillRect(Math.min((frame - first + 0.5) / count * width, width - 2) - 1, 0, 2, height);
  };
  const drawMatrix = () => {
    if (!layers) return;
    const canvas = get("matrix"), side = view().side;
    canvas.hidden = get("matrixnote").hidden = side === 0;
    if (side === 0) return;
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d"), picture = context.createImageData(side, side);
    const heat = color("--heat").split(/\s+/).map(Number);
    bytes(view().matrix).forEach((value, i) => picture.data.set([...heat, value], 4 * i));
    context.putImageData(picture, 0, 0);
  };
  const describeAttention = () => {
    if (!layers) return;
    const {received, padding, spread} = view();
    const most = received.reduce((best, value, i) => value > received[best] ? i : best, 0);
    const [first, count] = data.attended;
    const at = first + Math.floor((most + 0.5) / received.length * count);
    get("peak").textContent = `Most looked at: frame ${at}, ${received[most].toFixed(2)} times the even share`
      + (padding > 0.0005
        ? ` of what the frames got; ${(padding * 100).toFixed(1)} % of the attention went to padding.` : ".")
      + (spread ? " The rows of this layer are not the clip's frames; they are spread evenly over it." : "");
  };
  const chooseLayer = () => {
    const head = get("head");
    head.replaceChildren(...layers[get("layer").value].views.map((each, i) => new Option(each.name, i)));
    chooseHead();
  };
  const chooseHead = () => { drawStrip(); drawMatrix(); describeAttention(); };

  const showChances = () => {
    let point = null;
    for (const each of data.points) if (each[0] <= frame) point = each;
    [...get("bars").children].forEach((row, i) => {
      const value = point ? point[i + 1] : 0;
      const fill = row.querySelector(".fill");
      if (fill) fill.style.width = `${value * 100}%`;
      const text = data.areProbabilities ? `${(value * 100).toFixed(1)} %` : String(Number(value.toPrecision(3)));
      row.querySelector("b").textContent = point ? text : "–";
    });
    get("when").textContent = point ? `The bars are the point at frame ${point[0]}.` : "No point yet at this frame.";
    const {left, right, width} = data.chart, cursor = get("cursor");
    const x = left + (width - left - right) * (last > 0 ? frame / last : 0.5);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.setAttribute("visibility", "visible");
  };

  const show = next => {
    frame = Math.min(Math.max(Math.round(next), 0), last);
    scrub.value = frame;
    scrub.setAttribute("aria-valuetext", `frame ${frame} of ${last}`);
    get("place").textContent = `frame ${frame} of ${last}`;
    drawFace();
    showPicture();
    showChances();
    drawStrip();
  };
  const setPlaying = value => {
    playing = value;
    play.textContent = value ? "Pause" : "Play";
    play.setAttribute("aria-pressed", value);
    if (!value) return;
    if (frame >= last) show(0);
    before = performance.now();
    rest = 0;
    requestAnimationFrame(tick);
  };
  const tick = now => {
    if (!playing) return;
    rest += (now - before) / 1000 * Number(get("rate").value);
    before = now;
    const steps = Math.floor(rest);
    rest -= steps;
    if (steps > 0) show(frame + steps);
    if (frame >= last) setPlaying(false); else requestAnimationFrame(tick);
  };

  const seek = (element, position) => {
    const move = event => { setPlaying(false); show(position(event, element.getBoundingClientRect())); };
    element.addEventListener("pointerdown", move);
    element.addEventListener("pointermove", event => { if (event.buttons) move(event); });
  };
  seek(get("chart"), (event, box) => {
    const {left, right, width} = data.chart;
    return ((event.clientX - box.left) / box.width * width - left) / (width - left - right) * last;
  });
  play.addEventListener("click", () => setPlaying(!playing));
  scrub.addEventListener("input", () => { setPlaying(false); show(Number(scrub.value)); });
  if (layers) {
    seek(get("strip"), (event, box) =>
      data.attended[0] + (event.clientX - box.left) / box.width * data.attended[1] - 0.5);
    get("layer").replaceChildren(...layers.map((each, i) => new Option(each.name, i)));
    get("layer").addEventListener("change", chooseLayer);
    get("head").addEventListener("change", chooseHead);
    chooseLayer();
  }
  const redraw = () => { show(frame); drawMatrix(); };
  window.addEventListener("resize", redraw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  redraw();
})();
