import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { filter, firstValueFrom, take } from 'rxjs'
import { expect, it } from 'vitest'
import { textMessage, textOf, until } from './test-connection.js'
import { startProxy } from './proxy.js'

const kills = 20
const betweenKills = 100
const inFlight = 8

describeForeign(['mosquitto'], 'a broker that is killed repeatedly', () => {
  it('loses no acknowledged message and no subscription when the broker is killed 20 times, and leaves no resources', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-kill-'))
    const broker = await startMosquitto({ persistence: folder })
    const before = resources()
    const reconnect = { initial: 5, maximum: 50 }
    const proxy = await startProxy(broker.port)
    const witness = connect(broker.url, { reconnect })
    const sender = connect(proxy.url, { clientId: 'sender', clean: false, reconnect })
    const receiver = connect(broker.url, { clientId: 'receiver', clean: false, reconnect })
    // No overlapping filters: with these, Mosquitto 2.0 loses acknowledged messages when it is killed.
    const filters = ['flow/a/#', 'flow/+/b', 'flow/c']
    const topics = ['flow/a', 'flow/b/b', 'flow/c']
    const receivedTexts = filters.map(() => new Set<string>())
    filters.forEach((topicFilter, index) =>
      receiver.messages$(topicFilter).subscribe((message) => receivedTexts[index]?.add(textOf(message))),
    )
    for (const topicFilter of filters) await firstValueFrom(receiver.subscription$(topicFilter))

    const acknowledged: readonly string[][] = topics.map(() => [])
    const count = (): number => acknowledged.flat().length
    let sent = 0
    let isPublishing = true
    const publishContinuously = async (): Promise<void> => {
      while (isPublishing) {
        const index = sent++ % topics.length
        const text = `${sent}`
        await firstValueFrom(sender.publish$(textMessage(topics[index] ?? '', text)))
        acknowledged[index]?.push(text)
      }
    }
    const publishers = Array.from({ length: inFlight }, publishContinuously)
    for (let done = 0; done < kills; done += 1) {
      await Promise.all([sender, receiver].map(isOnline))
      const countBefore = count()
      await until(() => count() >= countBefore + betweenKills)
      // Mosquitto acknowledges before it writes to disk. From here on acknowledgements are held back and not counted. Once
      // the second message of the same client is acknowledged, everything before the first is on disk.
      proxy.isHoldingInbound = true
      for (const text of ['1', '2'])
        await firstValueFrom(witness.publish$(textMessage('witness', text, { retain: true })))
      await broker.kill('SIGKILL')
      await Promise.all([sender, receiver].map(isOffline))
      proxy.isHoldingInbound = false
      await broker.restart()
    }
    isPublishing = false
    await Promise.all(publishers)
    const missing = (): readonly string[] =>
      acknowledged.flatMap((texts, index) => texts.filter((text) => receivedTexts[index]?.has(text) !== true))
    await until(() => missing().length === 0).catch(() => undefined)
    expect(missing()).toEqual([])
    expect(count()).toBeGreaterThan(kills * betweenKills)

    for (const [index, topic] of topics.entries()) {
      await firstValueFrom(sender.publish$(textMessage(topic, 'last')))
      await until(() => receivedTexts[index]?.has('last') === true)
    }
    await Promise.all([sender, receiver, witness].map((link) => link.close()))
    await proxy.stop()
    await broker.stop()
    await until(() => resources().length <= before.length)
    expect(resources().filter((name) => !before.includes(name))).toEqual([])
    await rm(folder, { recursive: true })
  }, 600_000)
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

/** Returns the active timers and sockets, plain and TLS. */
function resources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('T'))
}
