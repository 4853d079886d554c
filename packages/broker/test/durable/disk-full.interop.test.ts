import { execFileSync } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { expect, it } from 'vitest'
import { publishBytes } from '../conformance/bytes.js'
import { persistent, receive, useDurableBroker } from './durable-broker.js'

const broker = useDurableBroker()

describeForeign(['util-linux'], 'a broker whose disk is full for a while', () => {
  /** Limits the size of the files that the broker writes; a write beyond it is partial and fails, as on a full disk. */
  const limitFiles = (bytes: number | 'unlimited'): unknown =>
    execFileSync(foreignCommand('util-linux') ?? '', ['--pid', String(broker.pid), `--fsize=${bytes}:`])
  const logSize = async (): Promise<number> => {
    const log = (await readdir(broker.folder)).find((name) => name.endsWith('.log')) ?? ''
    return (await stat(join(broker.folder, log))).size
  }

  it('keeps messages acknowledged before and after the disk was full when it is killed', async () => {
    const [first] = await broker.connect('receiver', persistent)
    await first.subscribe('durable', { qos: 1 })
    first.send('e0 00')
    const [sender] = await broker.connect('sender')
    const publish = (from: number): void => {
      for (let id = from; id < from + 20; id++)
        sender.send(publishBytes(5, 'durable', { flags: 2, id, payload: `${id}` }))
    }
    publish(1)
    await sender.take(20)
    limitFiles((await logSize()) + 100)
    publish(21)
    await sender.expectQuiet()
    limitFiles('unlimited')
    await sender.take(20)
    publish(41)
    await sender.take(20)
    await broker.kill()
    await broker.start()
    const seen = new Set<number>()
    const [receiver] = await broker.connect('receiver', persistent)
    await receive(receiver, seen, () => seen.size === 60)
    expect(seen.size).toBe(60)
  })
})
