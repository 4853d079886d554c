import { spawnSync } from 'node:child_process'
import { antiphon } from '../names.js'
import { rootPath } from '../processes/paths.js'
import { scenario, type AnyScenario } from '../scenario.js'

/** Measures the size of the bundle by the size check of the workshop. */
export function size(): AnyScenario {
  return scenario<undefined>({
    section: 'Size and types',
    about: 'The size of the bundle, and the time of the type checker.',
    contestants: [antiphon],
    start: async () => undefined,
    stop: async () => undefined,
    rows: [
      {
        title: 'bundle of core and mqtt without peers, minified, gzip',
        facts: { kind: 'bundle' },
        seconds: 1,
        measure: async () => ({ bytes: measureBundle() }),
      },
    ],
  })
}

function measureBundle(): number {
  const program = rootPath('packages', 'workshop', 'check', 'size', 'main.ts')
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', program], {
    cwd: rootPath(),
    encoding: 'utf8',
  })
  const kilobytes = /core \+ mqtt: ([\d.]+) kB/.exec(stdout)?.[1]
  if (kilobytes === undefined)
    throw new Error('cannot read the size of core + mqtt from the output of the size check')
  return Number(kilobytes) * 1_000
}
