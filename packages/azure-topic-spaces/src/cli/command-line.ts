import { invalidArgument } from '@antiphon/core/link'
import { parseArgs, type ParseArgsConfig } from 'node:util'

/** The options of a program in the syntax of Azure's command line. */
export interface CommandLineSyntax<Option extends string, Flag extends string> {
  /** The long names of the options with values. */
  readonly names: readonly Option[]
  /** The long names of the options without a value. */
  readonly flags: readonly Flag[]
  /** Other names of options. */
  readonly aliases: Readonly<Record<string, Option>>
  /** Names of one letter. */
  readonly letters: Readonly<Partial<Record<Option, string>>>
  /** The words before the command in Azure's command line, such as `az iot hub`. */
  readonly prefix: string
}

/** A parsed command line. */
export interface CommandLine<Option extends string = string, Flag extends string = string> {
  /** The command, such as `topic-space create`. */
  readonly command: string
  /** Returns the only value of an option, or `undefined` if the option is absent. */
  readonly optional: (name: Option) => string | undefined
  /** Returns the only value of an option; throws `invalid-argument` if the option is absent. */
  readonly required: (name: Option) => string
  /** Whether an option without a value is present. */
  readonly isSet: (name: Flag) => boolean
  /** Returns all values of an option. */
  readonly all: (name: Option) => readonly string[]
}

const text = { type: 'string' } as const

/** Returns the names of all options, without their dashes. */
export function optionNamesOf<Option extends string, Flag extends string>({
  names,
  flags,
  aliases,
}: CommandLineSyntax<Option, Flag>): readonly string[] {
  return [...names, ...flags, ...Object.keys(aliases), 'help']
}

/** Parses a command line. Returns `help` if it requests help or has no command. Throws `invalid-argument`. */
export function parseCommandLine<Option extends string, Flag extends string>(
  args: readonly string[],
  syntax: CommandLineSyntax<Option, Flag>,
): CommandLine<Option, Flag> | 'help' {
  const { values, tokens } = parse(args, syntax)
  if (values['help'] === true) return 'help'
  const { flags, aliases, prefix } = syntax
  const words: string[] = []
  const valuesByName = new Map<string, string[]>()
  // `parseArgs` treats further values of an option as positionals; in Azure's command line they belong to the option.
  let current = words
  for (const token of tokens) {
    if (token.kind === 'positional') current.push(token.value)
    else if (token.kind === 'option-terminator' || flags.some((flag) => flag === token.name)) current = words
    else {
      const name = aliases[token.name] ?? token.name
      current = valuesByName.get(name) ?? []
      valuesByName.set(name, current)
      if (token.value !== undefined) current.push(token.value)
    }
  }
  if (words.length === 0) return 'help'
  const all = (name: Option): readonly string[] => valuesByName.get(name) ?? []
  const optional = (name: Option): string | undefined => {
    const [value, ...others] = all(name)
    if (others.length > 0) throw commandLineError(`--${name} has ${others.length + 1} values: it takes one`)
    return value
  }
  const isSet = (name: Flag): boolean => values[name] === true
  const required = (name: Option): string => {
    const value = optional(name)
    if (value === undefined) throw commandLineError(`--${name} is missing`)
    return value
  }
  const line = words.join(' ')
  const command = line.startsWith(`${prefix} `) ? line.slice(prefix.length + 1) : line
  return { command, optional, required, all, isSet }
}

/** Creates the error for an invalid command line. */
export function commandLineError(why: string): Error {
  return invalidArgument(`${why}; see --help`)
}

type Token =
  | { readonly kind: 'positional'; readonly value: string }
  | { readonly kind: 'option'; readonly name: string; readonly value?: string | undefined }
  | { readonly kind: 'option-terminator' }

interface ParsedArgs {
  readonly values: Readonly<Record<string, unknown>>
  readonly tokens: readonly Token[]
}

function parse<Option extends string, Flag extends string>(
  args: readonly string[],
  { names, flags, aliases, letters }: CommandLineSyntax<Option, Flag>,
): ParsedArgs {
  const options = Object.fromEntries<NonNullable<ParseArgsConfig['options']>[string]>([
    ...[...names, ...Object.keys(aliases)].map((name) => {
      const short = (letters as Readonly<Record<string, string | undefined>>)[name]
      return [name, short === undefined ? text : { ...text, short }] as const
    }),
    ...flags.map((name) => [name, { type: 'boolean' }] as const),
    ['help', { type: 'boolean', short: 'h' }] as const,
  ])
  try {
    return parseArgs({ args: [...args], allowPositionals: true, tokens: true, options })
  } catch (error) {
    throw commandLineError(reasonOf(error))
  }
}

/** Returns the reason of a parse error in one line, without Node's advice on positionals. */
function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return reason.replace(/\. To specify a positional.*|\.$/s, '').replaceAll('\n', ' ')
}
