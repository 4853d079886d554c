import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createBroker } from '@antiphon/broker'
import { bundlePrograms } from '@antiphon/workshop/bundle'
import { VirtualTimeScheduler } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const folder = fromHere('../../.cache')
const name = `unref-${process.pid}`

describe('a broker with unref', () => {
  beforeAll(() => bundlePrograms({ sources: { [name]: fromHere('program.ts') }, folder }))
  afterAll(() => rm(`${folder}/${name}.mjs`, { force: true }))

  /** Runs the program until it ends by itself, and returns what it has printed. It fails if its exit code is not 0. */
  async function run(what: string): Promise<readonly string[]> {
    const { stdout } = await promisify(execFile)(process.execPath, [`${folder}/${name}.mjs`, what])
    return stdout.trim().split('\n')
  }
  const used = ['online', 'timeout', 'online', 'timeout', 'online', 'timeout']

  it('lets a process end that listens, with clients in process, over TCP and over WebSocket', async () => {
    expect(await run('idle')).toEqual(used)
  })

  it('keeps the process alive until it is closed', async () => {
    expect(await run('close')).toEqual([...used, 'closed'])
  })

  it('keeps a scheduler of the application', async () => {
    const scheduler = new VirtualTimeScheduler()
    const broker = createBroker({ unref: true, scheduler, closeTimeout: 0 })
    expect(broker.link().scheduler).toBe(scheduler)
    await broker.close()
  })
})
