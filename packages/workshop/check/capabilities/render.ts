/** One row of `docs/capabilities.json`. */
export interface Capability {
  readonly number: string
  readonly group: string
  readonly capability: string
  /** The short names of other libraries that have it, or a part of it. */
  readonly peers?: { readonly yes: readonly string[]; readonly partly: readonly string[] }
  readonly now: 'yes' | 'partly' | 'no'
  /** The tests that show it together. */
  readonly tests?: readonly ShowingTest[]
}

/** A test that shows a capability, or a part of it: its file, and the title or the beginning of it as it is in the source. */
export interface ShowingTest {
  readonly file: string
  readonly title: string
}

/** The contents of `docs/capabilities.json`. */
export interface Capabilities {
  /** The other libraries by their short names. */
  readonly peers: Readonly<Record<string, string>>
  readonly rows: readonly Capability[]
}

/** Returns the page "What it can do". */
export function renderCapabilities({ peers, rows }: Capabilities): string {
  const groups = [...new Set(rows.map(({ group }) => group))]
  const libraries = Object.entries(peers).map(([short, name]) => `${short} (${name})`)
  const counts = (['yes', 'partly', 'no'] as const).map((now) => rows.filter((row) => row.now === now).length)
  return [
    '# What it can do',
    '',
    'This page lists what a library for requests and responses over MQTT can do, whether Antiphon does it, and which other libraries do. Each row',
    'that Antiphon has names the tests that show it; the check verifies that they exist. The page is written from `docs/capabilities.json` by',
    '`node --import tsx packages/workshop/check/capabilities/main.ts`.',
    '',
    `Of ${rows.length} rows, Antiphon has ${counts[0]}. It has ${counts[1]} in part, and lacks ${counts[2]}.`,
    '',
    `Other libraries, as read in their sources: ${libraries.join(', ')}. In brackets: in part.`,
    '',
    ...groups.flatMap((group) => [
      `## ${group}`,
      '',
      '| # | capability | Antiphon | tests | other libraries |',
      '| --- | --- | --- | --- | --- |',
      ...rows.filter((row) => row.group === group).map(toLine),
      '',
    ]),
  ].join('\n')
}

const states = { yes: 'yes', partly: 'in part', no: 'not yet' } as const

function toLine({
  number,
  capability,
  now,
  tests = [],
  peers = { yes: [], partly: [] },
}: Capability): string {
  const others = [...peers.yes, ...peers.partly.map((name) => `(${name})`)].join(' ')
  const shown = tests
    .map(({ file, title }) => `\`${file.replace('packages/', '')}\`: ${escaped(title)}`)
    .join('<br>')
  return `| ${number} | ${escaped(capability)} | ${states[now]} | ${shown} | ${others} |`
}

/** Vue would take `<name>` for an element, and a table ends a cell at `|`. */
function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('|', '\\|').replaceAll('{{', '{ {')
}
