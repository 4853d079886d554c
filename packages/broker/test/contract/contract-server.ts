import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { build } from 'esbuild'
import { type BrokerControl, startBroker } from './broker-control.js'

/** The result of one case: the failure, or `null`. */
export type CaseResult = readonly [name: string, failure: string | null]

/** The test's side of `web-runner.ts`. */
export interface ContractServer {
  /** The address of a page that runs the contracts. */
  readonly url: string
  /** The bundle of `web-runner.ts`, which exports `runContracts`. */
  readonly script: string
  /** Resolves with the results of all cases. */
  readonly results: Promise<readonly CaseResult[]>
  readonly close: () => Promise<void>
}

/** A call of `web-runner.ts`. */
interface Call {
  readonly name: string
  readonly args: readonly never[]
}

/** Starts the server of one run. */
export async function startContractServer(): Promise<ContractServer> {
  const results: CaseResult[] = []
  let control: BrokerControl | undefined
  let end: (all: readonly CaseResult[]) => void
  const ended = new Promise<readonly CaseResult[]>((resolve) => (end = resolve))

  const perform = async (name: string, args: Call['args']): Promise<unknown> => {
    switch (name) {
      case 'start':
        control = await startBroker('ws')
        return control.url()
      case 'report':
        return results.push(args as unknown as CaseResult)
      case 'end':
        return end(results)
      default: {
        const action = control?.[name as keyof BrokerControl] as
          ((...all: readonly never[]) => unknown) | undefined
        return action?.(...args)
      }
    }
  }
  let script = ''
  const server = createServer((request, response) => {
    if (request.url !== '/call') {
      const isScript = request.url === '/runner.js'
      response
        .setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
        .end(isScript ? script : page)
      return
    }
    void text(request)
      .then((body) => JSON.parse(body) as Call)
      .then(({ name, args }) => perform(name, args))
      .then((result) => response.end(JSON.stringify(result ?? null)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  script = await bundle(url)
  return {
    url,
    script,
    results: ended,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await control?.close()
    },
  }
}

const page =
  '<!doctype html><script type="module">import { runContracts } from "/runner.js"; await runContracts()</script>'

async function bundle(server: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [new URL('web-runner.ts', import.meta.url).pathname],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    mainFields: ['module', 'main'],
    define: { server: JSON.stringify(server) },
  })
  return outputFiles[0]?.text ?? ''
}
