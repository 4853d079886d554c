import { build } from 'esbuild'
import { createContext, runInContext } from 'node:vm'
import { describe, expect, it } from 'vitest'

/** The globals of every JavaScript runtime that the engine uses. */
const { TextDecoder, TextEncoder, atob, btoa, clearInterval, clearTimeout, setInterval, setTimeout } =
  globalThis
const standardGlobals = {
  TextDecoder,
  TextEncoder,
  Uint8Array,
  atob,
  btoa,
  clearInterval,
  clearTimeout,
  setInterval,
  setTimeout,
}

/** A program of a browser: publishes a message to a subscriber and returns its topic. */
const program = `
  import { createBrokerEngine } from '@antiphon/broker/engine'
  import { VirtualTimeScheduler } from 'rxjs'
  const topics = []
  const engine = createBrokerEngine({ scheduler: new VirtualTimeScheduler() })
  const connection = engine.connect(
    { clientId: 'page', cleanStart: true, sessionExpiryInterval: 0 },
    { publish: ({ topic }) => topics.push(topic), release: () => {}, disconnect: () => connection.close() },
  )
  const subscription = { filter: 'a/+', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 }
  connection.subscribe([subscription])
  engine.publish({ topic: 'a/b', payload: new TextEncoder().encode('hello'), contentType: 'text/plain' })
  globalThis.topics = topics
`

describe('@antiphon/broker/engine', () => {
  it('runs as a bundle for the browser, without modules and globals of Node', async () => {
    // esbuild fails on an import of a module of Node.
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: new URL('..', import.meta.url).pathname },
      bundle: true,
      platform: 'browser',
      format: 'iife',
      write: false,
      logLevel: 'silent',
    })
    const context: { topics?: readonly string[] } = createContext({ ...standardGlobals })
    runInContext(outputFiles[0]?.text ?? '', context)
    expect([...(context.topics ?? [])]).toEqual(['a/b'])
  })
})
