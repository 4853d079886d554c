import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { filter, firstValueFrom, take } from 'rxjs'
import { expect, it } from 'vitest'
import { outgoing, textOf, until } from './conversation.js'
import { startProxy } from './proxy.js'

const kills = 20
const betweenKills = 100
const underWay = 8

describeForeign(['mosquitto'], 'a broker that is killed again and again', () => {
  it('loses no acknowledged message and leaves no subscription deaf; nothing is left after close', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-kill-'))
    const broker = await startMosquitto({ persistence: folder })
    const before = resources()
    const reconnect = { initial: 5, maximum: 50 }
    const proxy = await startProxy(broker.port)
    const witness = connect(broker.url, { reconnect })
    const sender = connect(proxy.url, { clientId: 'sender', clean: false, reconnect })
    const receiver = connect(broker.url, { clientId: 'receiver', clean: false, reconnect })
    // Apart from each other: with overlapping ones Mosquitto 2.0 forgets over a kill what was acknowledged.
    const filters = ['flow/a/#', 'flow/+/b', 'flow/c']
    const topics = ['flow/a', 'flow/b/b', 'flow/c']
    const heard = filters.map(() => new Set<string>())
    filters.forEach((each, place) =>
      receiver.messages$(each).subscribe((message) => heard[place]?.add(textOf(message))),
    )
    for (const each of filters) await firstValueFrom(receiver.subscription$(each))

    const acknowledged: readonly string[][] = topics.map(() => [])
    const count = (): number => acknowledged.flat().length
    let sent = 0
    let isFlowing = true
    const flow = async (): Promise<void> => {
      while (isFlowing) {
        const place = sent++ % topics.length
        const text = `${sent}`
        await firstValueFrom(sender.publish$(outgoing(topics[place] ?? '', text)))
        acknowledged[place]?.push(text)
      }
    }
    const flows = Array.from({ length: underWay }, flow)
    for (let done = 0; done < kills; done += 1) {
      await Promise.all([sender, receiver].map(isOnline))
      const mark = count()
      await until(() => count() >= mark + betweenKills)
      // Mosquitto acknowledges before it writes down: what is acknowledged from here on does not count as such, and
      // once a second message of the same client is answered, what came before the first is written.
      proxy.isDeaf = true
      for (const text of ['1', '2'])
        await firstValueFrom(witness.publish$(outgoing('witness', text, { retain: true })))
      await broker.kill('SIGKILL')
      await Promise.all([sender, receiver].map(isOffline))
      proxy.isDeaf = false
      await broker.restart()
    }
    isFlowing = false
    await Promise.all(flows)
    const missing = (): readonly string[] =>
      acknowledged.flatMap((texts, place) => texts.filter((text) => heard[place]?.has(text) !== true))
    await until(() => missing().length === 0).catch(() => undefined)
    expect(missing()).toEqual([])
    expect(count()).toBeGreaterThan(kills * betweenKills)

    for (const [place, topic] of topics.entries()) {
      await firstValueFrom(sender.publish$(outgoing(topic, 'last')))
      await until(() => heard[place]?.has('last') === true)
    }
    await Promise.all([sender, receiver, witness].map((link) => link.close()))
    await proxy.stop()
    await broker.stop()
    await until(() => resources().length <= before.length)
    expect(resources().filter((name) => !before.includes(name))).toEqual([])
    await rm(folder, { recursive: true })
  }, 120_000)
})

function isOnline(link: Link): Promise<unknown> {
  return firstValueFrom(
    link.state$.pipe(
      filter(({ status }) => status === 'online'),
      take(1),
    ),
  )
}

function isOffline(link: Link): Promise<unknown> {
  return firstValueFrom(
    link.state$.pipe(
      filter(({ status }) => status !== 'online'),
      take(1),
    ),
  )
}

/** Timers and sockets, plain and TLS. */
function resources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('T'))
}
