// Names of clusters: what is typed into a field shows at once wherever the cluster occurs, stays in
// this browser, and becomes names.csv. The fields know all that a name needs; a bar knows its
// clusters and their borders, and is drawn anew from one of its own segments as the pattern.
{
  const naming = document.querySelector(".naming"), next = naming.querySelector(".next");
  const fields = [...document.querySelectorAll("input[data-cluster]")];
  const activityOf = place => place.closest("[data-activity]").dataset.activity;
  const inFile = fields.map(field => field.value);
  const key = `jaxseg names ${naming.dataset.key}`;
  const past = [];  // names of all fields before each change, for undo
  let downloaded = false, before = inFile;

  // What a line of names.csv cannot hold: control characters, line breaks, halves of characters.
  const clean = name => name.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ").trim();
  const names = () => fields.map(field => clean(field.value));
  const same = (one, other) => one.every((name, i) => name === other[i]);

  function looks(activity) {  // cluster -> fill, name alone, name and number
    const fills = new Map(), found = new Map();
    for (const field of fields.filter(each => activityOf(each) === activity)) {
      const {cluster, number, fill, before, after} = field.dataset, typed = clean(field.value);
      const name = before + (typed || number) + after;
      if (!fills.has(name)) fills.set(name, fill);
      // Where colors are those of classes, a name changes none.
      found.set(cluster, {name, fill: after ? fill : fills.get(name),
        title: typed && !after ? `${typed} (${number})` : name});
    }
    return found;
  }
  function clock(seconds, decimals) {
    const ticks = Math.round(seconds * 10 ** decimals), whole = Math.floor(ticks / 10 ** decimals);
    const minutes = Math.floor(whole / 60), two = number => String(number).padStart(2, "0");
    const front = minutes < 60 ? minutes : `${Math.floor(minutes / 60)}:${two(minutes % 60)}`;
    const part = String(ticks % 10 ** decimals).padStart(decimals, "0");
    return `${front}:${two(whole % 60)}${decimals ? `.${part}` : ""}`;
  }
  function span(start, end, rate) {
    if (!rate) return `frames ${start}–${end - 1}`;
    const seconds = (end - start) / rate, decimals = seconds >= 60 ? 0 : seconds >= 1 ? 1 : 2;
    return `${clock(start / rate, decimals)}–${clock(end / rate, decimals)}`;
  }
  // Neighbors that look the same are one segment, of one or several shots.
  function segments({dataset: {clusters, borders, fps}}, looks) {
    const edges = borders.split(" ").map(Number), found = [];
    clusters.split(" ").forEach((cluster, shot) => {
      const look = looks.get(cluster), last = found.at(-1);
      if (last?.look.name === look.name && last.look.fill === look.fill) last.shots.push(shot);
      else found.push({look, start: edges[shot], shots: [shot]});
      found.at(-1).end = edges[shot + 1];
    });
    for (const each of found) each.span = span(each.start, each.end, +fps);
    return found;
  }
  function point(place, {start, end}) {
    if (!place.dataset.start) return;
    Object.assign(place.dataset, {start, end});
    place.setAttribute("href", `${place.getAttribute("href").split("#t=")[0]}#t=${start}`);
  }
  function drawBar(bar, looks) {
    const found = segments(bar, looks), from = found[0].start, length = found.at(-1).end - from;
    const old = [...bar.children].filter(part => !part.matches(".cursor"));
    bar.prepend(...found.map(each => {
      const part = old[0].cloneNode(true), title = part.querySelector("title");
      const rect = part.matches("rect") ? part : part.querySelector("rect");
      rect.setAttribute("x", `${100 * (each.start - from) / length}%`);
      rect.setAttribute("width", `${100 * (each.end - each.start) / length}%`);
      rect.setAttribute("fill", each.look.fill);
      if (title) title.textContent = `${each.look.name}, ${each.span}`;
      if (part.dataset.name) part.dataset.name = each.look.name;
      part.classList.remove("now");
      point(part, each);
      return part;
    }));
    for (const part of old) part.remove();
    const words = `${found.length.toLocaleString("en")} segment${found.length === 1 ? "" : "s"}`;
    const label = bar.getAttribute("aria-label");
    bar.setAttribute("aria-label", label.replace(/[\d,]+ segments?/, words));
    const clip = bar.closest("article"), count = clip?.querySelector(".count");
    if (count) count.textContent = words;
    for (const each of found) drawCards(clip, each);
  }
  function drawCards(clip, segment) {
    const cards = segment.shots.map(shot => clip?.querySelector(`.film [data-shot="${shot}"]`));
    cards.filter(Boolean).forEach((card, place) => {
      card.hidden = place > 0;
      card.title = segment.look.name;
      card.classList.remove("now");
      card.querySelector(".swatch rect").setAttribute("fill", segment.look.fill);
      card.querySelector("b").textContent = segment.span;
      point(card, segment);
    });
  }
  function draw() {
    const known = new Map(), listed = new Map();
    for (const scope of document.querySelectorAll("[data-activity]")) {
      const activity = activityOf(scope);
      if (!known.has(activity)) known.set(activity, looks(activity));
      const found = known.get(activity);
      for (const bar of scope.querySelectorAll("svg[data-clusters]")) drawBar(bar, found);
      for (const place of scope.querySelectorAll("[data-cluster]:not(input)")) {
        const look = found.get(place.dataset.cluster), list = place.closest(".legend");
        place.querySelector(".swatch rect").setAttribute("fill", look.fill);
        for (const text of place.querySelectorAll("[data-shows]")) {
          text.textContent = look[text.dataset.shows];
        }
        if (place.title) place.title = look.name;
        if (!list) continue;
        if (!listed.has(list)) listed.set(list, new Set());
        place.hidden = listed.get(list).has(look.name);
        listed.get(list).add(look.name);
      }
      scope.dispatchEvent(new Event("renamed"));
    }
  }
  function tell() {
    const now = names(), changed = now.filter((name, i) => name !== inFile[i]).length;
    let where = "They are kept in this browser alone.";
    try {
      if (changed) localStorage.setItem(key, JSON.stringify({now, inFile, downloaded}));
      else localStorage.removeItem(key);
    } catch {
      where = "They are lost when this page is closed: this browser keeps nothing.";
    }
    naming.hidden = !changed && !past.length;
    naming.querySelector("[role=status]").textContent = changed
      ? `Names that are not in the run's folder: ${changed}. `
        + (downloaded ? "They are in the downloaded names.csv." : where)
      : "All names are as in the run's folder.";
    naming.querySelector(".undo").disabled = !past.length;
    naming.querySelector(".forget").disabled = !changed;
    next.hidden = !downloaded;
  }
  function set(values) {
    fields.forEach((field, i) => { if (field.type !== "hidden") field.value = values[i]; });
    before = names();
    draw();
    tell();
  }
  function change(values) {
    past.push(names());
    downloaded = false;
    set(values);
  }
  function table() {
    const quoted = text => `"${text.replaceAll('"', '""')}"`;
    const several = naming.dataset.several !== undefined;
    const rows = fields.filter(field => +field.dataset.cluster >= 0 && clean(field.value))
      .map(field => [...several ? [quoted(activityOf(field))] : [], field.dataset.cluster,
        quoted(clean(field.value))].join(","));
    return [`${several ? "activity," : ""}cluster,name`, ...rows, ""].join("\r\n");
  }

  for (const field of fields) {
    // One step of undo is all that is typed in one visit of a field.
    let typing = false;
    field.addEventListener("focus", () => { typing = false; });
    field.addEventListener("input", () => {
      if (!typing) past.push(before);
      typing = true;
      downloaded = false;
      before = names();
      draw();
      tell();
    });
    field.addEventListener("keydown", event => {
      const shown = fields.filter(each => each.type !== "hidden");
      if (event.key === "Enter") shown[shown.indexOf(field) + 1]?.focus();
    });
  }
  naming.querySelector(".download").addEventListener("click", () => {
    const place = document.createElement("a");
    place.href = URL.createObjectURL(new Blob([table()], {type: "text/csv"}));
    place.download = "names.csv";
    place.click();
    downloaded = true;
    tell();
  });
  naming.querySelector(".undo").addEventListener("click", () => {
    downloaded = false;
    set(past.pop());
  });
  naming.querySelector(".forget").addEventListener("click", () => change(inFile));
  naming.querySelector(".copy").addEventListener("click", () => {
    const command = next.querySelector("pre code");
    getSelection().selectAllChildren(command);  // for Ctrl+C where a page may not copy
    navigator.clipboard?.writeText(command.textContent).catch(() => {});
  });

  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(key)); } catch {}
  // What was downloaded is done with once the page is made of other names than it was then.
  const done = kept?.downloaded && !same(kept.inFile, inFile);
  if (kept?.now?.length === fields.length && !done && !same(kept.now, inFile)) {
    downloaded = kept.downloaded;
    set(kept.now);
  } else {
    tell();
  }
}
