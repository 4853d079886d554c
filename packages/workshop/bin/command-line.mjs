// Reads the command lines of the workshop's programs, also before anything is installed.
import { parseArgs } from 'node:util'

/**
 * Reads this program's arguments. For `--help` it prints the help, for an unknown option what is wrong; both end the
 * process.
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
    // Node adds advice on positionals that begin with a dash; none of ours does.
    console.error(`${error.message.replace(/\. To specify a positional.*/s, '')}; see --help`)
    process.exit(1)
  }
}
