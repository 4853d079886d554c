import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { antiphon, byHand } from '../names.js'
import { inBench, inCache, inRoot } from '../processes/places.js'
import { scenario, type AnyScenario } from '../scenario.js'

const count = 500

/** How long the type checker takes over a project of many endpoints. */
export function types(): AnyScenario {
  return scenario<string>({
    section: 'Size and types',
    about: 'What a user of the library waits for before anything runs.',
    contestants: [antiphon, byHand],
    start: async (name) =>
      name === antiphon ? project('antiphon', withAntiphon) : project('by-hand', withTypesAlone),
    stop: async () => undefined,
    rows: [
      {
        title: `type-check of a project with ${count} endpoints; by hand, their io-ts types alone`,
        facts: { kind: 'types' },
        seconds: 5,
        measure: async (folder) => ({ milliseconds: check(folder) }),
      },
    ],
  })
}

/** An endpoint with both ends in use. */
function withAntiphon(index: number): string {
  return `
const endpoint${index} = endpoint({
  topic: 'site/{site}/device${index}/{part}',
  request: json(t.type({ id: t.number, name${index}: t.string, tags: t.array(t.string) })),
  response: json(t.type({ id: t.number, value${index}: t.union([t.number, t.null]) })),
})
requests$(link, endpoint${index}).pipe(serve(({ value, params }) => of({ id: value.id + params.site.length, value${index}: value.name${index}.length }))).subscribe()
export const answer${index}: Promise<number | null> = request(link, endpoint${index}, {
  params: { site: 'a', part: 'b' },
  value: { id: ${index}, name${index}: 'n', tags: [] },
}).then((answer) => answer.value${index})
`
}

/** The same contract and the same use of its types, over functions that do not exist. */
function withTypesAlone(index: number): string {
  return `
const Request${index} = t.type({ id: t.number, name${index}: t.string, tags: t.array(t.string) })
const Response${index} = t.type({ id: t.number, value${index}: t.union([t.number, t.null]) })
type Request${index} = t.TypeOf<typeof Request${index}>
type Response${index} = t.TypeOf<typeof Response${index}>
declare function ask${index}(site: string, part: string, value: Request${index}): Promise<Response${index}>
export const serve${index} = (site: string, value: Request${index}): Response${index} => ({ id: value.id + site.length, value${index}: value.name${index}.length })
export const answer${index}: Promise<number | null> = ask${index}('a', 'b', { id: ${index}, name${index}: 'n', tags: [] }).then((answer) => answer.value${index})
`
}

const heads = {
  antiphon: `import { endpoint, json, request, requests$, serve, type Link } from '@antiphon/core'
import * as t from 'io-ts'
import { of } from 'rxjs'
declare const link: Link
`,
  'by-hand': `import * as t from 'io-ts'\n`,
} as const

function project(name: keyof typeof heads, endpointOf: (index: number) => string): string {
  const folder = inCache('types', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  // Ten files of fifty, as nobody keeps five hundred in one.
  for (let file = 0; file < 10; file += 1) {
    const all = Array.from({ length: count / 10 }, (_, index) => endpointOf((file * count) / 10 + index))
    writeFileSync(join(folder, `part${file}.ts`), heads[name] + all.join(''))
  }
  symlinkSync(inBench('node_modules'), join(folder, 'node_modules'))
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: 'ES2022',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    types: [],
    // What users get: declarations, no sources.
    paths: { '@antiphon/core': [declarations()] },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  return folder
}

const tsc = inRoot('node_modules', 'typescript', 'lib', 'tsc.js')

function declarations(): string {
  const file = inRoot('packages', 'core', 'dist', 'index.d.ts')
  const built = spawnSync(process.execPath, [tsc, '-b', inRoot('packages', 'core', 'tsconfig.json')])
  if (built.status !== 0 || !existsSync(file)) throw new Error('core does not build')
  return file
}

/** Milliseconds of the whole program, as it says itself. */
function check(folder: string): number {
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--extendedDiagnostics'], {
    encoding: 'utf8',
  })
  const [error] = stdout.split('\n').filter((line) => line.includes('error TS'))
  if (error !== undefined) throw new Error(error.slice(error.indexOf('error TS')))
  return Number(/Total time:\s+([\d.]+)s/.exec(stdout)?.[1] ?? NaN) * 1_000
}
