import type { CommanderError } from 'commander'
import { usageError } from './usage-error.js'

const secretOption = /^(--(password|passphrase|token)|-P)(=|$)/

/** Throws if a secret is an argument: other users see it in the process list, and the shell keeps it in its history. */
export function requireNoSecrets(args: readonly string[]): void {
  const name = args.map((arg) => secretOption.exec(arg)?.[1]).find((found) => found !== undefined)
  if (name === undefined) return
  throw usageError(
    `${name} is not an option, as other users would see the secret: set ANTIPHON_PASSWORD, --password-file or --password-command`,
  )
}

/** Returns the message of a parser error in one line, with what to do. */
export function lineOf({ code, message }: CommanderError, args: readonly string[]): string {
  const [text = '', suggestion] = message.replace(/^error: /, '').split('\n')
  const invalid = /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. (.*?)\.?$/s.exec(text)
  const [, option = '', value = '', rule = ''] = invalid ?? []
  const fault = invalid === null ? text : `${option} is ${value}: ${ruleOf(rule)}`
  const nearest = /\(Did you mean (?:one of )?(.*)\?\)/.exec(suggestion ?? '')?.[1]
  if (fault.endsWith('?')) return fault
  if (nearest !== undefined) return `${fault}: did you mean ${nearest}?`
  const command = code === 'commander.unknownCommand' ? undefined : args.find((arg) => !arg.startsWith('-'))
  return `${fault}; see antiphon ${command === undefined ? '' : `${command} `}--help`
}

function ruleOf(rule: string): string {
  return rule.replace(/^Allowed choices are (.*)$/, 'it must be one of $1')
}
