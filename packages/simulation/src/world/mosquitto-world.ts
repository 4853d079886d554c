import type { Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { startMosquitto } from '@antiphon/workshop/mosquitto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { asyncScheduler } from 'rxjs'
import type { World } from './world.js'

/** Returns a real Mosquitto with its default settings, whose sessions survive a restart. */
export async function mosquittoWorld(): Promise<World> {
  const persistence = await mkdtemp(join(tmpdir(), 'antiphon-simulation-'))
  const broker = await startMosquitto({ persistence })
  const start = performance.now()
  const links = new Set<Link>()
  let hasEnded = false
  const running = new Set<Promise<void>>()
  const run = (work: Promise<void>): void => {
    running.add(work)
    void work.finally(() => running.delete(work))
  }
  return {
    scheduler: asyncScheduler,
    link: ({ clientId }, options) => {
      const properties = { sessionExpiryInterval: 3_600 }
      const link = connect(broker.url, { ...options, clientId, clean: false, properties })
      links.add(link)
      // A worker may be replaced after the end.
      if (hasEnded) void link.close()
      return link
    },
    stopBroker: (milliseconds, sessions) => {
      run(
        (async () => {
          const stopped = performance.now()
          await broker.kill('SIGTERM')
          if (sessions === 'lose') await rm(join(persistence, 'mosquitto.db'), { force: true })
          await wait(Math.max(0, milliseconds - (performance.now() - stopped)))
          await broker.restart()
        })(),
      )
    },
    cutRegion: () => {
      throw new Error(
        'cannot cut a region: clients and Mosquitto share one machine; run this scenario on virtual time',
      )
    },
    runTo: async (end) => wait(Math.max(0, end - (performance.now() - start))),
    end: async () => {
      await Promise.all(running)
      hasEnded = true
      await Promise.all([...links].map((link) => link.close()))
      await broker.stop()
      await rm(persistence, { recursive: true, force: true })
    },
  }
}
