// What makes the panel of videos move: a click plays, a cursor runs, the segment lights up.
//
// The page counts in a file's own timestamps. Chromium does, too, be it MP4, QuickTime, Matroska or
// WebM; Firefox calls the first picture second 0. Which of both it is shows on the first picture of
// a file that begins late. Of a late MP4 Chromium first takes the length for the end and jumps no
// further than that; what lies behind it is reached by playing at full speed.
//
// A browser keeps subtitle files away from a page on disk, each file of which is an origin of its
// own; so the cues are made here, from the links of the bar.
for (const watch of document.querySelectorAll(".watch")) {
  const video = watch.querySelector("video"), problem = watch.querySelector(".problem");
  const caption = watch.querySelector(".caption");
  const clips = new Map([...watch.querySelectorAll("article[data-link]")]
    .map(clip => [clip.dataset.link, clip]));
  const track = video.addTextTrack("captions", "clusters");
  track.mode = "hidden";
  let link = video.getAttribute("src");
  let shift = 0;  // seconds from the page's time to the browser's
  let ready = Promise.resolve();  // once the shift of the open file is known
  let target = null;  // browser's time that cannot be jumped to and is played to

  const address = place => place.getAttribute("href").split("#t=")[0];
  const segments = () => [...(clips.get(link)?.querySelectorAll("svg a[data-start]") ?? [])];
  const first = () => +(clips.get(link)?.querySelector(".segments").dataset.from ?? 0);

  function open(next) {
    if (link === next && !video.error) return;
    link = next;
    problem.hidden = true;
    caption.textContent = "";
    video.src = link;
    measure();
  }
  function measure() {
    const opened = link;
    shift = 0;
    arrive();
    subtitle();
    ready = first() < .1 || !video.requestVideoFrameCallback ? Promise.resolve()
      : new Promise(resolve => video.requestVideoFrameCallback((_, {mediaTime}) => {
        if (link === opened && mediaTime < first() / 2) shift = -first();
        subtitle();
        resolve();
      }));
  }
  function subtitle() {
    for (const cue of [...track.cues ?? []]) track.removeCue(cue);
    for (const {dataset} of segments()) {
      track.addCue(new VTTCue(+dataset.start + shift, +dataset.end + shift, dataset.name));
    }
  }
  async function go(next, time) {
    open(next);
    arrive();
    video.play().catch(() => {});
    await ready;  // for which some browsers have to play
    if (link !== next) return;
    video.currentTime = time + shift;
    if (video.currentTime < time + shift - .1 && video.readyState) hurry(time + shift);
  }
  function hurry(time) {
    target = {time, muted: video.muted};
    video.muted = true;
    video.playbackRate = 16;
    caption.textContent = `${clips.get(link).dataset.name}: this browser cannot jump so far in a `
      + "file that begins late, and plays fast until it is there.";
  }
  function arrive() {
    if (!target) return;
    video.muted = target.muted;
    video.playbackRate = 1;
    target = null;
  }
  function complain() {
    const place = document.createElement("a");
    place.href = link;
    place.textContent = clips.get(link)?.dataset.name ?? "this video";
    problem.querySelector("span").replaceChildren(place);
    problem.hidden = false;
  }
  function light(segment) {
    const clip = clips.get(link), start = segment?.dataset.start;
    for (const old of watch.querySelectorAll(".now")) {
      if (old.dataset.start !== start || !clip.contains(old)) old.classList.remove("now");
    }
    if (!segment || segment.classList.contains("now")) return;
    for (const place of clip.querySelectorAll(`[data-start="${start}"]`)) {
      place.classList.add("now");
      const film = place.closest(".film"), left = place.offsetLeft - film?.offsetLeft - 40;
      film?.scrollTo({left, behavior: "smooth"});
    }
    caption.textContent = `${clip.dataset.name}: ${segment.querySelector("title").textContent}`;
  }
  function draw() {
    const time = video.currentTime - shift;
    if (target && video.currentTime >= target.time) arrive();
    const isNow = ({dataset: {start, end}}) => +start <= time + .0005 && time < +end;
    if (!target) light(segments().find(isNow));
    for (const cursor of watch.querySelectorAll(".cursor")) {
      const {from, to} = cursor.ownerSVGElement.dataset;
      const shown = clips.get(link)?.contains(cursor) && !Number.isNaN(video.duration);
      const place = shown ? `${100 * (time - from) / (to - from)}%` : "-1%";
      cursor.setAttribute("x1", place);
      cursor.setAttribute("x2", place);
    }
  }
  function run() {
    draw();
    if (!video.paused) requestAnimationFrame(run);
  }
  watch.addEventListener("click", event => {
    const place = event.target.closest("a[data-start]");
    if (!place || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(address(place), +place.dataset.start);
  });
  watch.addEventListener("renamed", () => {
    subtitle();
    for (const old of watch.querySelectorAll(".now")) old.classList.remove("now");
    draw();
  });
  video.addEventListener("play", () => {
    for (const other of document.querySelectorAll(".watch video")) {
      if (other !== video) other.pause();
    }
    run();
  });
  for (const event of ["seeked", "timeupdate", "loadedmetadata"]) {
    video.addEventListener(event, draw);
  }
  for (const event of ["pause", "ended"]) video.addEventListener(event, arrive);
  video.addEventListener("error", complain);
  if (link) measure();
  if (video.error) complain();
}
