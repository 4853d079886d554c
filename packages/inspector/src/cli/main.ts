#!/usr/bin/env node
import { connect } from '@antiphon/mqtt'
import { parseArgs } from 'node:util'
import { inspect } from '../inspect.js'
import { observeMessages } from '../observe-messages.js'
import { readRecording } from '../read-recording.js'

const USAGE = `Usage: antiphon-inspect <file.ndjson>
       antiphon-inspect --url mqtt://localhost [--filter '#']

Serves a page that shows the exchanges in a recording, or those of a broker as an observer sees them.

Options
  --url <url>             the broker to observe
  --filter <filter>       the topic filter to observe (default: #)
  --payload-bytes <n>     how many bytes of each payload are shown (default: 2000)
  --trace-url <url>       the address of a trace, such as http://localhost:16686/trace/{traceId}
  --port <port>           the port of the page (default: a free one)
  --help                  show this text
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string' },
    filter: { type: 'string', default: '#' },
    'payload-bytes': { type: 'string', default: '2000' },
    'trace-url': { type: 'string' },
    port: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else if ((values.url === undefined) !== (positionals.length === 1)) fail(USAGE)
else
  await run().catch((error: unknown) => {
    fail(`antiphon-inspect: ${error instanceof Error ? error.message : String(error)}\n`)
  })

/** Ends the program with a text. */
function fail(text: string): void {
  process.stderr.write(text)
  process.exitCode = 2
}

async function run(): Promise<void> {
  const [file] = positionals
  const link = values.url === undefined ? undefined : connect(values.url)
  const traceUrl = values['trace-url']
  const inspector = await inspect({
    port: Number(values.port),
    ...(traceUrl === undefined ? {} : { traceUrl }),
    ...(link === undefined ? { recorded: true } : { link }),
  })
  try {
    if (link !== undefined) {
      const payloadBytes = Number(values['payload-bytes'])
      observeMessages(link, inspector.sink, { filter: values.filter, payloadBytes })
    } else if (file !== undefined) {
      const skipped = await readRecording(file, inspector.sink)
      if (skipped > 0) process.stderr.write(`${skipped} lines of ${file} are not events\n`)
    }
  } catch (error) {
    await inspector.close()
    throw error
  }
  process.stdout.write(`The inspector is at ${inspector.url}\n`)
}
