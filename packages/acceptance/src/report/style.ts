/** What the page looks like, by day and by night. */
export const style = `
:root { color-scheme: light dark; --ink: light-dark(#1c2330, #e4e8ef); --soft: light-dark(#5b6573, #9aa5b4);
  --line: light-dark(#d9dee6, #333c49); --good: light-dark(#0a7a4b, #4cc38a); --bad: light-dark(#b3261e, #ff8a80); }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: light-dark(#fff, #12161d); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 3rem; } h3 { margin-bottom: 0; }
a { color: inherit; } code { font-size: 0.9em; }
dl { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin: 0.5rem 0; }
dt { color: var(--soft); font-size: 0.85rem; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .bad { color: var(--bad); }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.9rem 0.25rem 0; border-bottom: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1.5rem 0; } figcaption { font-weight: 600; margin-bottom: 0.25rem; }
svg { width: 100%; } svg text { fill: var(--soft); font-size: 11px; } svg .middle { text-anchor: middle; } svg .end { text-anchor: end; }
.grid { stroke: var(--line); } .line { fill: none; stroke: currentColor; stroke-width: 1.5; } .dot { fill: currentColor; fill-opacity: 0.5; color: #3568d4; }
.legend { font-size: 0.9rem; margin: 0; }
.tone0 { color: #3568d4; } .tone1 { color: #d9722e; } .tone2 { color: #2a9d6f; } .tone3 { color: #a04fc4; } .tone4 { color: #b8962a; } .tone5 { color: #c23b5e; }
`
