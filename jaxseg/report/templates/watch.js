// What makes the panel of videos move: a click plays, a cursor runs, the segment lights up.
//
// A browser's time is the video's own timestamps, with no subtraction: Chromium calls the first
// picture of a file that begins at 2 s second 2, be it MP4, QuickTime, Matroska or WebM. It keeps
// subtitle files away from a page on disk, each file of which is an origin of its own; so the cues
// are made here, from the links of the bar.
for (const watch of document.querySelectorAll(".watch")) {
  const video = watch.querySelector("video"), problem = watch.querySelector(".problem");
  const caption = watch.querySelector(".caption");
  const clips = new Map([...watch.querySelectorAll("article[data-link]")]
    .map(clip => [clip.dataset.link, clip]));
  const track = video.addTextTrack("captions", "clusters");
  track.mode = "hidden";
  let link = video.getAttribute("src");

  const address = place => place.getAttribute("href").split("#t=")[0];
  const segments = () => [...(clips.get(link)?.querySelectorAll("svg a[data-start]") ?? [])];

  function open(next) {
    if (link !== next || video.error) {
      link = next;
      problem.hidden = true;
      video.src = link;
    }
    for (const cue of [...track.cues ?? []]) track.removeCue(cue);
    for (const {dataset} of segments()) {
      track.addCue(new VTTCue(+dataset.start, +dataset.end, dataset.name));
    }
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
    const time = video.currentTime;
    light(segments().find(({dataset}) => +dataset.start <= time + .0005 && time < +dataset.end));
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
    open(address(place));
    video.currentTime = +place.dataset.start;
    video.play().catch(() => {});
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
  video.addEventListener("error", complain);
  if (link) open(link);
  if (video.error) complain();
}
