import { exampleText } from '../examples.js'
import { addBenchFlags, type BenchFlags } from '../flags/bench-flags.js'
import { addConnectionFlags } from '../flags/connection-flags.js'
import { addExchangeFlags } from '../flags/exchange-flags.js'
import { addOutputFlags } from '../flags/output-flags.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon bench`. */
export const addBench: AddCommand = (program, { host, start }) => {
  const command = program
    .command('bench')
    .summary('measures how fast requests are answered')
    .description(
      'Sends requests as fast as they are answered, or at a rate, and prints throughput and latencies.',
    )
    .argument('<topic>', 'the topic of the requests')
    .argument('[payload]', 'their payload (default: empty)')
  addBenchFlags(command)
  addExchangeFlags(command)
  addConnectionFlags(command)
  addOutputFlags(command)
  command.addHelpText('after', exampleText('bench'))
  command.action((topic: string, payload: string | undefined, flags: BenchFlags) =>
    start(async () => {
      const { runBench } = await import('../bench/run-bench.js')
      return runBench({ topic, payload }, flags, host)
    }),
  )
}
