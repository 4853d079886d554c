import { parseArgs } from 'node:util'

const help = `Requests the temperature of cities.

Usage: npx tsx 02-temperature/requester.ts [city ...]

Options
  -h, --help  prints this help

Environment
  BROKER_URL   the URL of the broker, in place of host and port
  BROKER_HOST  the host of the broker (default: localhost)
  BROKER_PORT  its port (default: 1883)`

/** Reads the cities from the command line. The default is Vienna and Berlin. */
export function readCities(): readonly string[] {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' } },
    })
    if (values.help !== true) return positionals.length > 0 ? positionals : ['Vienna', 'Berlin']
    console.log(help)
    process.exit(0)
  } catch (error) {
    // Node appends advice on positionals that begin with a dash, which no city does.
    const [reason] = (error as Error).message.split('. To specify')
    console.error(`${reason}; see --help`)
    process.exit(1)
  }
}
