import type { Link } from '@antiphon/core'
import { observed, type ExchangeEvent } from '@antiphon/core/events'
import { ExpectationError } from '../compare/expectation.js'

/** The environment variable with the folder for the recordings of failed tests. */
const RECORD_VARIABLE = 'ANTIPHON_RECORD'

/** How many bytes of each payload a recording contains. */
const PAYLOAD_BYTES = 2_000

/** The events of a marble test, which a failure writes to a file. */
export interface Recording {
  /** Observes a link. */
  readonly observe: (link: Link) => Link
  /** Writes the events to a file, and adds to a failed expectation how to open it. */
  readonly explain: (error: unknown) => unknown
}

const NO_RECORDING: Recording = { observe: (link) => link, explain: (error) => error }

/** The parts of Node that write a file; a browser has none of them. */
interface NodeProcess {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly getBuiltinModule?: (name: 'node:fs') => {
    readonly mkdirSync: (path: string, options: { readonly recursive: true }) => unknown
    readonly writeFileSync: (path: string, text: string) => void
  }
}

/** Records a marble test into a folder: that of its option, or else that of the environment; without one, records nothing. */
export function recordingInto(folder: string | undefined): Recording {
  const { process } = globalThis as { readonly process?: NodeProcess }
  const target = folder ?? process?.env?.[RECORD_VARIABLE] ?? ''
  if (target === '') return NO_RECORDING
  const events: ExchangeEvent[] = []
  return {
    observe: observed((event) => events.push(event), { payloadBytes: PAYLOAD_BYTES }),
    explain: (error) => {
      if (!(error instanceof ExpectationError)) return error
      const { message, stack = '' } = error
      const file = `${target}/${fileNameFor(stack)}`
      error.message = `${message}\n${write(process, target, file, events)}`
      error.stack = stack.replace(message, () => error.message)
      return error
    },
  }
}

/** Returns a name with the line of the expectation, so that a test that fails again replaces its recording. */
function fileNameFor(stack: string): string {
  const [, file = 'marbles', line = ''] = /([\w.-]+\.[cm]?[jt]sx?)(?:\?[^:]*)?:(\d+)/.exec(stack) ?? []
  return `${file}${line === '' ? '' : `-${line}`}.ndjson`
}

function write(
  process: NodeProcess | undefined,
  folder: string,
  file: string,
  events: readonly ExchangeEvent[],
): string {
  try {
    const fs = process?.getBuiltinModule?.('node:fs')
    if (fs === undefined) return 'The exchanges were not recorded: only Node can write the file.'
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
    return `The exchanges are recorded. To see them, run: npx -p @antiphon/inspector antiphon-inspect ${file}`
  } catch (error) {
    return `The exchanges were not recorded: ${error instanceof Error ? error.message : String(error)}`
  }
}
