import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { endpoint, request, requests$, serve, text, type Link } from '@antiphon/core'
import { deliveryStates$ } from '@antiphon/core/delivery'
import { members$, presence, type Member } from '@antiphon/core/presence'
import { stickyGroup, stickyRequests$ } from '@antiphon/core/sticky-groups'
import { connect } from '@antiphon/mqtt'
import { bundlePrograms } from '@antiphon/workshop/bundle'
import { delay, filter, firstValueFrom, lastValueFrom, map, of, ReplaySubject, tap, toArray } from 'rxjs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const folder = fromHere('../../node_modules/.cache/antiphon')
const name = `presence-${process.pid}`
const bundle = `${folder}/${name}.mjs`

const balance = endpoint({ topic: 'accounts/{account}/balance', request: text, response: text })

/** Tests presence over a broker, with members that are programs of their own. */
export function presenceSuite(urlOf: () => string): void {
  let programs: ChildProcess[] = []
  let watcher = connect('mqtt://localhost')

  beforeAll(() => bundlePrograms({ sources: { [name]: fromHere('member-program.ts') }, folder }))
  afterAll(() => rm(bundle, { force: true }))
  afterEach(async () => {
    for (const program of programs) program.kill('SIGKILL')
    programs = []
    await watcher.close()
  })

  const start = (...options: readonly string[]): ChildProcess => {
    const program = spawn(process.execPath, [bundle, urlOf(), ...options], {
      stdio: ['pipe', 'inherit', 'inherit'],
    })
    programs.push(program)
    return program
  }

  /** Returns a function that waits until the list contains exactly these client ids. */
  const watch = (): ((...clientIds: readonly string[]) => Promise<readonly Member[]>) => {
    watcher = connect(urlOf())
    const lists = new ReplaySubject<readonly Member[]>(1)
    members$(watcher).subscribe(lists)
    return (...clientIds) =>
      firstValueFrom(
        lists.pipe(filter((members) => members.map(({ clientId }) => clientId).join() === clientIds.join())),
      )
  }

  it.each(['5', '4'])(
    'removes a process that is killed from the members, on MQTT version %s',
    async (version) => {
      const members = watch()
      await members()
      const killed = start('a', version)
      const stopped = start('b', version)
      const [member] = await members('a', 'b')
      expect(member).toMatchObject({ clientId: 'a', metadata: { version } })
      killed.kill('SIGKILL')
      await members('b')
      stopped.stdin?.write('stop\n')
      await Promise.all([members(), once(stopped, 'exit')])
    },
  )

  it('lists in its first list a process that was killed and started again within the Will Delay Interval', async () => {
    const members = watch()
    const killed = start('a', '5', '30')
    const [first] = await members('a')
    killed.kill('SIGKILL')
    start('a', '5', '30')
    const instances = new Set<string>()
    const later = connect(urlOf())
    const replaced = firstValueFrom(
      members$(later).pipe(
        filter(([member]) => member !== undefined && member.instanceId !== first?.instanceId),
      ),
    )
    for (const { instanceId } of await replaced) instances.add(instanceId)
    expect(instances.size).toBe(1)
    await later.close()
  })

  it('sends requests with equal keys to the same member, and to another one once it has left', async () => {
    const watching = watch()
    const members = ['a', 'b', 'c'].map((clientId) => {
      const self = presence({ clientId })
      const link = self.announce(connect(urlOf(), { clientId, will: self.will }))
      const handler = () => of(clientId)
      stickyRequests$(link, balance, { group: 'workers', presence: self }).pipe(serve(handler)).subscribe()
      return { clientId, link }
    })
    const requester = stickyGroup(balance, { group: 'workers', groupKey: ({ params }) => params.account })(
      watcher,
    )
    const accounts = Array.from({ length: 30 }, (_, index) => `account-${index}`)
    const requestAll = (): Promise<readonly string[]> =>
      Promise.all(
        accounts.map((account) =>
          request(requester, balance, { params: { account }, value: '' }, { retry: { count: 3 } }),
        ),
      )
    await watching('a', 'b', 'c')
    // The groups follow once their subscriptions are granted.
    await firstValueFrom(members$(watcher, { group: 'workers' }).pipe(filter(({ length }) => length === 3)))
    const before = await requestAll()
    expect(await requestAll()).toEqual(before)
    expect(new Set(before)).toEqual(new Set(['a', 'b', 'c']))
    await members[0]?.link.close()
    await watching('b', 'c')
    const after = await requestAll()
    accounts.forEach((_, index) => {
      if (before[index] === 'a') expect(['b', 'c']).toContain(after[index])
      else expect(after[index]).toBe(before[index])
    })
    await Promise.all(members.map(({ link }) => link.close()))
  })

  it('keeps a command for a device that is offline, and emits its states', async () => {
    watch()
    const connectDevice = (): Link => {
      const self = presence({ clientId: 'device' })
      const session = { clean: false, properties: { sessionExpiryInterval: 60 } }
      const link = self.announce(connect(urlOf(), { clientId: 'device', will: self.will, ...session }))
      requests$(link, balance, { params: { account: 'device' } })
        .pipe(serve(() => of('done').pipe(delay(300))))
        .subscribe()
      return link
    }
    const first = connectDevice()
    await firstValueFrom(first.subscription$('accounts/device/balance'))
    await first.close()
    let device: Link | undefined
    const command = { params: { account: 'device' }, value: '' }
    const states = await lastValueFrom(
      deliveryStates$(watcher, balance, command, { timeout: 60_000, device: 'device' }).pipe(
        tap((state) => {
          if (state.status === 'queued' && state.isOnline === false) device ??= connectDevice()
        }),
        map((state) => (state.status === 'queued' ? `queued ${state.isOnline}` : state.status)),
        toArray(),
      ),
    )
    expect(states.slice(states.indexOf('queued false'))).toEqual([
      'queued false',
      ...(states.includes('queued true') ? ['queued true'] : []),
      'delivered',
      'responded',
    ])
    await device?.close()
  })

  it('has no announcement left when the link of a member is closed', async () => {
    const members = watch()
    const self = presence({ clientId: 'a' })
    const link = self.announce(connect(urlOf(), { clientId: 'a', will: self.will }))
    await members('a')
    await link.close()
    await members()
    await watcher.close()
    await watch()()
  })
}
