import { parseArgs } from 'node:util'
import type { Section } from './section.js'

/** The parsed command line. */
export interface SuiteArguments {
  /** The selected sections, in the order of the suite. */
  readonly sections: readonly Section[]
  readonly seed: number
  readonly isSmoke: boolean
  /** Whether to draw the report of the last run again without running a section. */
  readonly isReportOnly: boolean
  /** Returns the value of a section's option. */
  readonly number: (option: string) => number
}

const usualSeed = 1

/** Returns the text that `--help` prints. */
export function help(sections: readonly Section[]): string {
  const lines = sections.flatMap(({ name, title, options }) => [
    `  ${name.padEnd(24)} ${title}`,
    ...Object.entries(options).map(
      ([option, { about, usual }]) => `    ${`--${option} <n>`.padEnd(22)} ${about} (${usual})`,
    ),
  ])
  return `pnpm acceptance [section …] [options]

Sections, with their options and default values; without names, all sections run
${lines.join('\n')}

Options
  --seed <n>               seed of all randomness (${usualSeed})
  --smoke                  run the part that belongs to the check, a few seconds
  --report                 draw the report of the last run again, run no section
  --help                   print this text`
}

/** Parses a command line; throws an `Error` that names the first invalid argument. */
export function readArguments(
  args: readonly string[],
  sections: readonly Section[],
): SuiteArguments | 'help' {
  const numbers = Object.assign({}, ...sections.map(({ options }) => options)) as Section['options']
  const named = Object.keys(numbers).map((name) => [name, { type: 'string' }] as const)
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...Object.fromEntries(named),
      seed: { type: 'string' },
      smoke: { type: 'boolean' },
      report: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return 'help'
  const unknown = positionals.find((name) => !sections.some((section) => section.name === name))
  if (unknown !== undefined) {
    const names = sections.map(({ name }) => name).join(', ')
    throw new Error(`unknown section ${unknown}: it must be one of ${names}`)
  }
  const isSmoke = values.smoke === true
  const texts = values as Readonly<Record<string, string | undefined>>
  return {
    sections: sections.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    seed: toNumber('seed', texts['seed']) ?? usualSeed,
    isSmoke,
    isReportOnly: values.report === true,
    number: (name) => {
      const option = numbers[name]
      if (option === undefined) throw new Error(`unknown option ${name}: no section declares it`)
      return toNumber(name, texts[name]) ?? (isSmoke ? option.smoke : option.usual)
    },
  }
}

function toNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (text.trim() !== '' && number >= 0 && number < Infinity) return number
  throw new Error(`--${name} is '${text}': it must be a number from 0`)
}
