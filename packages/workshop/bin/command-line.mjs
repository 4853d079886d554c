// Parses the command lines of the workshop's programs, also before dependencies are installed.
import { parseArgs } from 'node:util'

/**
 * Parses the arguments of this program. Prints the help for `--help`, or the error for an unknown option, and exits.
 *
 * @template {import('node:util').ParseArgsConfig} T
 * @param {string} help
 * @param {T} config
 * @returns {ReturnType<typeof parseArgs<T>>}
 */
export function readCommandLine(help, config) {
  try {
    const options = { ...config.options, help: { type: 'boolean', short: 'h' } }
    const line = parseArgs({ ...config, options })
    if (line.values.help !== true) return line
    console.log(help)
    process.exit(0)
  } catch (error) {
    // Removes Node's advice on positionals that begin with a dash: none of these programs has such positionals.
    console.error(`${error.message.replace(/\. To specify a positional.*/s, '')}; see --help`)
    process.exit(1)
  }
}
