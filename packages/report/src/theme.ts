/** The colours of a report in the light and in the dark scheme. */
const colours: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  ground: ['#ffffff', '#0f1218'],
  card: ['#f7f8fa', '#171b23'],
  ink: ['#14181f', '#e8ebf0'],
  soft: ['#5b6472', '#9aa4b2'],
  line: ['#dde1e7', '#2a303b'],
  good: ['#15803d', '#4ade80'],
  bad: ['#b91c1c', '#f87171'],
  // Neighbouring tones also differ in lightness, for colour-blind readers.
  'tone-0': ['#1d4ed8', '#7aa7ff'],
  'tone-1': ['#c2570c', '#ff9d5c'],
  'tone-2': ['#0f766e', '#4fd1c0'],
  'tone-3': ['#be123c', '#ff7d97'],
  'tone-4': ['#a88a5a', '#d3b98a'],
  'tone-5': ['#7e22ce', '#c79bff'],
  'tone-6': ['#4d7c0f', '#a9d65c'],
  'tone-7': ['#64748b', '#94a3b8'],
}

/** Returns the colour of a tone; tones repeat after eight. */
export function toneColour(tone: number): string {
  return `var(--tone-${tone % 8})`
}

/** Returns the style sheet that defines the colours for an element and follows the reader's colour scheme. */
export function coloursFor(selector: string): string {
  const list = (scheme: 0 | 1): string =>
    Object.entries(colours)
      .map(([name, pair]) => `--${name}:${pair[scheme]}`)
      .join(';')
  return `${selector}{color-scheme:light dark;${list(0)}}\n@media (prefers-color-scheme:dark){${selector}{${list(1)}}}`
}
