import { spawnSync } from 'node:child_process'
import { antiphon } from '../names.js'
import { inRoot } from '../processes/places.js'
import { scenario, type AnyScenario } from '../scenario.js'

/** What the bundle weighs, as the check of the workshop says. */
export function size(): AnyScenario {
  return scenario<undefined>({
    section: 'Size and types',
    about: 'What a user of the library waits for before anything runs.',
    contestants: [antiphon],
    start: async () => undefined,
    stop: async () => undefined,
    rows: [
      {
        title: 'bundle of core and mqtt without peers, minified, gzip',
        facts: { kind: 'bundle' },
        seconds: 1,
        measure: async () => ({ bytes: weigh() }),
      },
    ],
  })
}

function weigh(): number {
  const program = inRoot('packages', 'workshop', 'check', 'size', 'main.ts')
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', program], {
    cwd: inRoot(),
    encoding: 'utf8',
  })
  const kilobytes = /core \+ mqtt: ([\d.]+) kB/.exec(stdout)?.[1]
  if (kilobytes === undefined) throw new Error('the size check says nothing of core + mqtt')
  return Number(kilobytes) * 1_000
}
