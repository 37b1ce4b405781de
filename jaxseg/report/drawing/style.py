"""The style sheet of the page: system fonts, light and dark, from a phone to a wide window."""

CSS = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #636a74; --line: #e3e5e8;
  --page: #fff; --raised: #f6f7f8; --accent: #1d5fa8; --tint: 29 95 168;
  --second: #b85a00;
  --alarm: #8a4b00; --alarm-back: #fff4dc; --below: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e6e9; --soft: #9aa2ad; --line: #33383f;
  --page: #16181b; --raised: #1f2226; --accent: #7ab3f0; --tint: 92 156 226;
  --second: #f2a65a;
  --alarm: #ffd48a; --alarm-back: #3a2c10; --below: #ff8a80; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px clamp(14px, 4vw, 40px) 60px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .2em; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.6em 0 .2em; padding-top: .7em;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6em 0 .5em; overflow-wrap: anywhere; }
h4 { font-size: .9rem; margin: 1.3em 0 .4em; overflow-wrap: anywhere; }
h5 { font-size: .85rem; margin: .3em 0; font-weight: 600; }
small, .note, caption, figcaption small, .name { color: var(--soft); }
small { font-weight: 400; font-size: .88em; }
p { max-width: 75ch; margin: .4em 0 .8em; }
.note { font-size: .92rem; }
.banner { background: var(--alarm-back); color: var(--alarm); padding: .6em .9em;
  border-left: 4px solid currentColor; border-radius: 4px; font-weight: 600; max-width: none; }
nav { display: flex; flex-wrap: wrap; gap: .2em 1.2em; margin: 1em 0; font-size: .92rem; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 2px; }
details { margin: .6em 0; border: 1px solid var(--line); border-radius: 8px; padding: 0 14px; }
summary { cursor: pointer; padding: .55em 0; font-weight: 600; overflow-wrap: anywhere; }
details[open] { padding-bottom: 14px; }

.scroll { overflow-x: auto; margin: .6em 0 1.2em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .88rem; }
caption { text-align: left; padding: .3em 0; }
caption span { position: sticky; left: 0; display: inline-block;
  max-width: min(75ch, 100vw - 60px); }
th, td { padding: .28em .6em; text-align: right; white-space: nowrap; }
th { font-weight: 600; }
thead th { color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--line); }
thead th[scope=colgroup] { text-align: center; border-bottom: 0; color: var(--ink); }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--page); }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tr.result th, tr.result td, td.run { font-weight: 600; }
tr.baseline > *, td.baseline, td.missing { color: var(--soft); font-weight: 400; }
td.below { font-weight: 600; color: var(--below); }
td.below::before { content: "▾ "; }
thead tr:not(:last-child) th { border-bottom: 0; }
.plain td, .plain thead th { text-align: left; white-space: normal; }
.plain th { font-weight: 500; }
.confusion { font-size: .8rem; }
.confusion td { text-align: center; padding: 0; min-width: 2.5em; height: 2.1em;
  background: rgb(var(--tint) / calc(var(--share, 0) * 1)); }
.confusion td.hit { outline: 1.5px solid var(--soft); outline-offset: -1.5px; }
.confusion td.strong { color: var(--page); font-weight: 600; }
.confusion thead th { vertical-align: bottom; text-align: left; }
.confusion thead span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 13em; }
.confusion tbody th { font-weight: 400; }

.grid { display: grid; gap: 14px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 310px), 1fr)); }
.card { margin: 0; background: #fff; color: #1f2328; border: 1px solid var(--line);
  border-radius: 8px; padding: 10px 12px; }
.card img { display: block; width: 100%; max-width: 440px; height: auto; }
.card small { color: #636a74; }
figcaption { font-size: .88rem; font-weight: 600; overflow-wrap: anywhere; }

.strips { display: grid; grid-template-columns: 5.6rem minmax(0, 1fr); gap: 4px 8px;
  align-items: center; }
.strips.wide { grid-template-columns: 8.5rem minmax(0, 1fr); }
.name { font-size: .78rem; line-height: 1.2; text-align: right; }
.bar, .confidence, .axis { display: block; width: 100%; height: 26px; }
.bar { shape-rendering: crispEdges; border-radius: 3px; background: var(--raised); }
.bar.thin { height: 9px; }
.strips:has(.thin) .thin + .name { line-height: 1; }
.confidence { height: 30px; background: var(--raised); border-radius: 3px; fill: var(--accent);
  fill-opacity: .55; }
.bar image { image-rendering: pixelated; }
.bar.truth { color: var(--ink); height: 14px; }
.bar.proposals { color: var(--accent); }
.curves, .columns { display: block; width: 100%; background: var(--raised); border-radius: 3px; }
.curves { height: 44px; }
.curves polyline { fill: none; stroke: var(--accent); stroke-width: 1.4px;
  vector-effect: non-scaling-stroke; }
.curves polyline + polyline { stroke: var(--second); }
.curve { color: var(--accent); }
.curve + .curve { color: var(--second); }
.columns { height: 84px; }
.columns line { stroke: var(--soft); stroke-dasharray: 3 3; }
.strips.wide > .name { overflow-wrap: anywhere; }
.name b { font-weight: 600; }
.name b:not(.curve) { color: var(--ink); }
.axis { height: 18px; overflow: visible; font-size: 11px; fill: var(--soft); stroke: none; }
.axis line { stroke: var(--soft); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .15em 1.1em; padding: 0;
  margin: .6em 0; font-size: .85rem; }
.swatch { width: .85em; height: .85em; border-radius: 2px; margin-right: .4em;
  vertical-align: -.05em; flex: none; }
.pair { display: grid; gap: 10px 28px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }
.triple { display: grid; gap: 10px 22px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }
.heat { display: block; width: 100%; height: calc(var(--clusters) * 18px);
  image-rendering: pixelated; border-radius: 3px; }
.clusters { list-style: none; margin: 0; padding: 0; text-align: left; }
.clusters li { height: 18px; line-height: 18px; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.scale { display: inline-block; width: 5em; height: .7em; border-radius: 2px;
  background: linear-gradient(90deg, #00224e, #414d6b, #7d7c78, #bcae6c, #fee838); }
.watch { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 0 26px;
  align-items: start; }
.stage { position: sticky; top: 0; padding-top: 12px; background: var(--page); z-index: 1; }
.stage video { display: block; width: 100%; max-height: 70vh; background: #000;
  border-radius: 6px; }
.caption { font-size: .85rem; min-height: 1.5em; overflow-wrap: anywhere; }
.problem { font-size: .88rem; color: var(--alarm); overflow-wrap: anywhere; }
.segments a { cursor: pointer; outline: 0; }
.segments a.now rect, .segments a:focus-visible rect { stroke: var(--ink); stroke-width: 5; }
.cursor { stroke: var(--ink); stroke-width: 2; pointer-events: none; }
.film, .sheet { display: flex; gap: 6px; overflow-x: auto; padding: 4px 0; }
.sheet { flex-wrap: wrap; }
.film a, .sheet a { flex: none; color: inherit; text-decoration: none; border-radius: 4px;
  outline: 2px solid transparent; outline-offset: -2px; }
.film a.now, .picture:hover, .sheet a:focus-visible { outline: 2px solid var(--accent); }
.picture { display: block; flex: none; width: min-content; min-width: 88px; overflow: hidden;
  border-radius: 4px; font-size: .72rem; line-height: 1.35; background: var(--raised); }
.picture img { display: block; height: 68px; width: auto; margin: 0 auto; }
.picture > span { display: block; padding: 1px 5px 3px; overflow-wrap: anywhere; }
.definitions { position: absolute; width: 0; height: 0; }
footer { margin-top: 3em; padding-top: 1em; border-top: 1px solid var(--line);
  font-size: .88rem; }
code { font: .92em ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
@media (max-width: 560px) {
  body { font-size: 14px; } h1 { font-size: 1.5rem; }
  .strips { grid-template-columns: 4.4rem minmax(0, 1fr); gap: 4px 6px; }
  .strips.wide { grid-template-columns: 6.5rem minmax(0, 1fr); }
  .watch { grid-template-columns: minmax(0, 1fr); } .stage video { max-height: 38vh; }
  .name { font-size: .72rem; } details { padding: 0 9px; }
}
"""
