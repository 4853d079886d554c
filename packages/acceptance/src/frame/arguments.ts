import { parseArgs } from 'node:util'
import type { Section } from './section.js'

/** What the command line asks for. */
export interface SuiteRequest {
  /** In the order of the suite. */
  readonly sections: readonly Section[]
  readonly seed: number
  readonly isSmoke: boolean
  /** Draw the report of the last run again, and run nothing. */
  readonly isReportOnly: boolean
  readonly number: (option: string) => number
}

const usualSeed = 1

/** What `--help` prints. */
export function help(sections: readonly Section[]): string {
  const lines = sections.flatMap(({ name, title, options }) => [
    `  ${name.padEnd(24)} ${title}`,
    ...Object.entries(options).map(
      ([option, { about, usual }]) => `    ${`--${option} <n>`.padEnd(22)} ${about} (${usual})`,
    ),
  ])
  return `pnpm acceptance [section …] [options]

Sections; all of them unless some are named
${lines.join('\n')}

Options
  --seed <n>               where chance begins (${usualSeed})
  --smoke                  the part that belongs to the check, of a few seconds
  --report                 draws the report of the last run again
  --help                   prints this`
}

/** Reads a command line; throws a sentence about what it does not understand. */
export function readArguments(args: readonly string[], sections: readonly Section[]): SuiteRequest | 'help' {
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
  const stranger = positionals.find((name) => !sections.some((section) => section.name === name))
  if (stranger !== undefined) {
    const names = sections.map(({ name }) => name).join(', ')
    throw new Error(`no section is named ${stranger}: there are ${names}`)
  }
  const isSmoke = values.smoke === true
  const given = values as Readonly<Record<string, string | undefined>>
  return {
    sections: sections.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    seed: toNumber('seed', given['seed']) ?? usualSeed,
    isSmoke,
    isReportOnly: values.report === true,
    number: (name) => {
      const option = numbers[name]
      if (option === undefined) throw new Error(`no section has an option ${name}`)
      return toNumber(name, given[name]) ?? (isSmoke ? option.smoke : option.usual)
    },
  }
}

function toNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (text.trim() !== '' && number >= 0 && number < Infinity) return number
  throw new Error(`--${name} is '${text}': it takes a number from 0 on`)
}
