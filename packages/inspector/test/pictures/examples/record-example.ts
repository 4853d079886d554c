import type { ExchangeEvent } from '@antiphon/core/events'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readEvent } from '../../../src/model/read-event.js'
import { recordingVariable, type RecordedMessage } from './record-link.js'

/** What the links of an example did in a run. */
export interface Recording {
  readonly events: readonly ExchangeEvent[]
  readonly messages: readonly RecordedMessage[]
}

const folder = new URL('../../../../../examples/', import.meta.url)
const observeLinks = new URL('observe-links.mjs', import.meta.url)

/** Runs an example as `npm start` does, with all links of its processes observed. Rejects if it fails. */
export async function recordExample(name: string): Promise<Recording> {
  const recording = await mkdtemp(join(tmpdir(), 'example-recording-'))
  try {
    const file = fileURLToPath(new URL(`${name}/index.ts`, folder))
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      cwd: folder,
      // Its child processes inherit the variables.
      env: {
        ...process.env,
        NODE_OPTIONS: `--import tsx --import ${observeLinks.href}`,
        [recordingVariable]: recording,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`cannot record ${name}: it exited with ${code}`)
    const files = await readdir(recording)
    const lines = (await Promise.all(files.map((each) => readFile(join(recording, each), 'utf8'))))
      .flatMap((text) => text.split('\n'))
      .filter((line) => line !== '')
    return {
      events: lines.flatMap((line) => readEvent(line) ?? []).sort((a, b) => a.at - b.at),
      messages: lines
        .map((line) => JSON.parse(line) as RecordedMessage)
        .filter(({ side }) => side === undefined)
        .sort((a, b) => a.at - b.at),
    }
  } finally {
    await rm(recording, { recursive: true })
  }
}
