import { invalidArgument } from '@antiphon/core/link'
import { parseArgs } from 'node:util'
import type { MockFault } from '../mock.js'

/** The text that `--help` prints. */
export const help = `antiphon-contract: contracts of requests and responses over MQTT as AsyncAPI documents

Usage: antiphon-contract <command> [options]

Commands
  export <module>            prints the document of a module that exports endpoints
  check <file> [<module>]    checks that a document is valid and that all of its operations can be
                             served; with a module, that the document is its export
  diff <before> <after>      prints the changes between two documents
  generate <file>            prints a TypeScript module with the endpoints of a document and their
                             types; needs the package json-schema-to-typescript
  mock <file>                responds to all operations with generated values, until Ctrl-C;
                             needs the package @antiphon/mqtt

Export and check options
  --title <title>            the title of the document (default: API)
  --version <version>        its version (default: 1.0.0)
  --qos <0|1|2>              the QoS of its messages (default: 1)

Mock options
  --url <url>                the broker (default: mqtt://localhost)
  --seed <number>            equal seeds give equal responses (default: 1)
  --fault <operation=fault>  silence, failure, malformed, duplicate, or a delay in milliseconds;
                             * is every operation; may be repeated

Other options
  --out <file>               writes to a file instead of printing
  -h, --help                 prints this help

A document is JSON or YAML. A module in TypeScript needs a loader, such as node --import tsx.
The exit code is 1 for a breaking change, for a document that check refuses, and for any error.`

/** A parsed command line. */
export type ContractCommand =
  | { readonly command: 'check'; readonly file: string; readonly module?: string; readonly info: CommandInfo }
  | { readonly command: 'diff'; readonly before: string; readonly after: string }
  | { readonly command: 'export'; readonly module: string; readonly info: CommandInfo; readonly out?: string }
  | { readonly command: 'generate'; readonly file: string; readonly out?: string }
  | {
      readonly command: 'mock'
      readonly file: string
      readonly url: string
      readonly seed: number
      readonly faults: Readonly<Record<string, MockFault>>
    }

/** What a document says about itself. */
interface CommandInfo {
  readonly title: string
  readonly version: string
  readonly qos: 0 | 1 | 2
}

/** Parses a command line; returns `help` for `--help`. Throws `invalid-argument`. */
export function readArguments(args: readonly string[]): ContractCommand | 'help' {
  const { values, positionals } = parse(args)
  if (values.help === true || positionals.length === 0) return 'help'
  const [command = '', first, second, ...others] = positionals
  const out = values.out === undefined ? {} : { out: values.out }
  const required = (value: string | undefined, name: string): string => {
    if (value === undefined) throw invalidArgument(`${command} needs <${name}>: see --help`)
    return value
  }
  const [, most = 0] = counts.find(([name]) => name === command) ?? []
  if (others.length > 0 || (most === 1 && second !== undefined)) {
    throw invalidArgument(`${command} has too many arguments: see --help`)
  }
  switch (command) {
    case 'export':
      return { command, module: required(first, 'module'), info: infoOf(values), ...out }
    case 'check': {
      const module = second === undefined ? {} : { module: second }
      return { command, file: required(first, 'file'), info: infoOf(values), ...module }
    }
    case 'diff':
      return { command, before: required(first, 'before'), after: required(second, 'after') }
    case 'generate':
      return { command, file: required(first, 'file'), ...out }
    case 'mock':
      return {
        command,
        file: required(first, 'file'),
        url: values.url ?? 'mqtt://localhost',
        seed: seedOf(values.seed ?? '1'),
        faults: Object.fromEntries((values.fault ?? []).map(faultOf)),
      }
    default:
      throw invalidArgument(`the command ${command} is not known: use export, check, diff, generate or mock`)
  }
}

/** How many arguments a command has at most. */
const counts: readonly (readonly [string, number])[] = [
  ['export', 1],
  ['check', 2],
  ['diff', 2],
  ['generate', 1],
  ['mock', 1],
]

interface Values {
  readonly title?: string | undefined
  readonly version?: string | undefined
  readonly qos?: string | undefined
  readonly url?: string | undefined
  readonly seed?: string | undefined
  readonly fault?: readonly string[] | undefined
  readonly out?: string | undefined
  readonly help?: boolean | undefined
}

function parse(args: readonly string[]): {
  readonly values: Values
  readonly positionals: readonly string[]
} {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        title: { type: 'string' },
        version: { type: 'string' },
        qos: { type: 'string' },
        url: { type: 'string' },
        seed: { type: 'string' },
        fault: { type: 'string', multiple: true },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (thrown) {
    throw invalidArgument((thrown as Error).message)
  }
}

function infoOf({ title = 'API', version = '1.0.0', qos = '1' }: Values): CommandInfo {
  if (qos !== '0' && qos !== '1' && qos !== '2')
    throw invalidArgument(`--qos is ${qos}: it must be 0, 1 or 2`)
  return { title, version, qos: Number(qos) as 0 | 1 | 2 }
}

function seedOf(text: string): number {
  const seed = Number(text)
  if (text !== '' && Number.isSafeInteger(seed)) return seed
  throw invalidArgument(`--seed is ${text}: it must be a whole number`)
}

function faultOf(text: string): readonly [string, MockFault] {
  const [, operation = '', fault = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (['silence', 'failure', 'malformed', 'duplicate'].includes(fault)) return [operation, fault as MockFault]
  if (/^\d+$/.test(fault)) return [operation, { delay: Number(fault) }]
  throw invalidArgument(
    `--fault is ${text}: it must be <operation>= and silence, failure, malformed, duplicate or milliseconds`,
  )
}
