import type { Storage } from '@antiphon/broker'
import { linkOver } from '@antiphon/core/link'
import type { Link, LinkState } from '@antiphon/core'
import { filter, firstValueFrom } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { eventGridLinkOptions } from '../../src/event-grid/index.js'
import { createNamespace, type EventGridNamespace } from '../../src/event-grid/namespace/index.js'

interface MemoryStorage extends Storage {
  readonly contents: Map<string, Uint8Array>
  failures: number
}

/** Creates a storage in memory that outlives namespaces and rejects the next `failures` commits. */
function memoryStorage(): MemoryStorage {
  const contents = new Map<string, Uint8Array>()
  const storage: MemoryStorage = {
    contents,
    failures: 0,
    load: async function* () {
      yield* await Promise.resolve([...contents])
    },
    commit: (changes) => {
      if (storage.failures-- > 0) return Promise.reject(new Error('the disk is full'))
      for (const { key, value } of changes)
        if (value === undefined) contents.delete(key)
        else contents.set(key, Uint8Array.from(value))
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  }
  return storage
}

const running: { namespace: EventGridNamespace; links: Link[] }[] = []
function start(storage: Storage): {
  stop: () => Promise<void>
  local: (name: string, session?: string) => Link
} {
  const namespace = createNamespace({ storage })
  const links: Link[] = []
  running.push({ namespace, links })
  for (const name of ['car1', 'mobile1']) namespace.clients.create({ name })
  namespace.topicSpaces.create({ name: 'all', topicTemplates: ['#'] })
  for (const permission of ['Publisher', 'Subscriber'] as const)
    namespace.permissionBindings.create({
      name: permission,
      clientGroupName: '$all',
      topicSpaceName: 'all',
      permission,
    })
  return {
    local: (authenticationName, sessionName = authenticationName) => {
      const link = linkOver(namespace.transport({ authenticationName, sessionName }), eventGridLinkOptions)
      links.push(link)
      return link
    },
    stop: async () => {
      await Promise.all(links.splice(0).map((link) => link.close()))
      await namespace.close()
    },
  }
}
afterEach(async () => {
  for (const { namespace, links } of running.splice(0)) {
    await Promise.all(links.map((link) => link.close()))
    await namespace.close()
  }
})

const settled = (link: Link): Promise<LinkState> =>
  firstValueFrom(link.state$.pipe(filter(({ status }) => status !== 'connecting')))

describe('the storage of a namespace', () => {
  it('resumes a session with its queue after a restart of the namespace', async () => {
    const storage = memoryStorage()
    const first = start(storage)
    const car = first.local('car1')
    const isSubscribed = firstValueFrom(car.subscription$('a'))
    car.messages$('a').subscribe()
    await isSubscribed
    await car.close()
    await firstValueFrom(first.local('mobile1').publish$({ topic: 'a', payload: new Uint8Array([7]) }))
    await first.stop()

    const second = start(storage)
    const received = firstValueFrom(second.local('car1').messages$('a'))
    expect([...(await received).payload]).toEqual([7])
  })

  it('refuses the session of another client after a restart of the namespace', async () => {
    const storage = memoryStorage()
    const first = start(storage)
    expect(await settled(first.local('car1', 'tablet'))).toMatchObject({ status: 'online' })
    await first.stop()
    expect([...storage.contents.keys()]).toContain('owner:tablet')

    const second = start(storage)
    expect(await settled(second.local('mobile1', 'tablet'))).toMatchObject({
      status: 'closed',
      error: { reasonCode: 0x87 },
    })
    expect(await settled(second.local('car1', 'tablet'))).toMatchObject({ status: 'online' })
  })

  it('does not count a session that ended while the namespace did not run', async () => {
    const storage = memoryStorage()
    storage.contents.set('owner:lost', new TextEncoder().encode('car1'))
    const { local } = start(storage)
    expect(await settled(local('car1', 'tablet'))).toMatchObject({ status: 'online' })
    await expect.poll(() => [...storage.contents.keys()], { timeout: 60_000 }).not.toContain('owner:lost')
  })

  it('stores the owner of a session after a commit that failed', async () => {
    const storage = memoryStorage()
    const { local } = start(storage)
    storage.failures = 1
    const car = local('car1')
    await settled(car)
    await firstValueFrom(car.subscription$('a'))
    await expect.poll(() => [...storage.contents.keys()], { timeout: 60_000 }).toContain('owner:car1')
  })
})
