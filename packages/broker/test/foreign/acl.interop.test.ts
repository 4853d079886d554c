import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { expect, it } from 'vitest'
import { AccessControl } from '../../src/access/access-control.js'
import { parseAcl } from '../../src/access/acl-file.js'
import { createBroker } from '../../src/index.js'
import { publishBytes } from '../conformance/bytes.js'
import { dialTcp } from '../conformance/raw-client.js'
import type { RawClient } from '../conformance/raw-client.js'

const acl = `
topic read public/#
topic write letters

user ann
topic home/#
topic write log/ann
topic read $SYS/broker/uptime

user bob
topic read home/+/temperature
topic readwrite #

pattern read devices/%c/#
pattern write users/%u/presence
`

const clients = [
  { clientId: 'c1' },
  { clientId: 'c2', username: 'ann' },
  { clientId: 'c3', username: 'bob' },
  { clientId: 'c4', username: 'zoe' },
] as const

const topics = [
  ...['public', 'public/1', 'letters', 'home', 'home/1', 'home/1/temperature', 'log/ann', 'log/ann/1'],
  ...[
    'devices/c1',
    'devices/c1/x',
    'devices/c2/x',
    'devices/c4/x/y',
    'users/ann/presence',
    'users/bob/presence',
  ],
  ...['users/zoe/presence', 'users//presence', 'other', '$data/x'],
]

const password = Buffer.from('secret')

async function connect(
  port: number,
  { clientId, ...user }: { clientId: string; username?: string },
): Promise<RawClient> {
  const client = await dialTcp(port, 5)
  const header = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 0 }
  client.send({ ...header, clientId, ...user, ...('username' in user ? { password } : {}) })
  expect((await client.next('connack')).reasonCode).toBe(0)
  return client
}

/** Returns which topics each client may publish to, and of which it receives messages that a client without limits sends. */
async function rightsAt(port: number): Promise<Record<string, { mayPublish: string[]; receives: string[] }>> {
  const rights: Record<string, { mayPublish: string[]; receives: string[] }> = {}
  for (const identity of clients) {
    const mayPublish: string[] = []
    const receives: string[] = []
    for (const topic of topics) {
      const client = await connect(port, identity)
      client.send(publishBytes(5, topic, { flags: 2, id: 1, payload: identity.clientId }))
      if (((await client.next('puback')).reasonCode ?? 0) < 0x80) mayPublish.push(topic)
      await client.subscribe(topic, { qos: 0 })
      const root = await connect(port, { clientId: 'root', username: 'root' })
      root.send(publishBytes(5, topic, { flags: 2, id: 1, payload: 'x' }))
      await root.next('puback')
      if ((await client.receiveAll()).some(({ cmd }) => cmd === 'publish')) receives.push(topic)
      client.cut()
      root.cut()
    }
    rights[identity.clientId] = { mayPublish, receives }
  }
  return rights
}

describeForeign(['mosquitto'], 'an ACL file', () => {
  it('gives clients the rights that Mosquitto gives them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-acl-'))
    // Mosquitto's topics without a user are about clients without user; `root` may do everything.
    const text = `${acl}\nuser root\ntopic #\ntopic $data/#\n`
    await writeFile(join(folder, 'acl'), text)
    const mosquitto = await startMosquitto({
      config: [`acl_file ${join(folder, 'acl')}`, 'allow_anonymous true'],
    })
    const users = new Map(['ann', 'bob', 'zoe', 'root'].map((name) => [name, 'secret']))
    const { value: rules, faults } = parseAcl(text)
    expect(faults).toEqual([])
    const access = new AccessControl({
      ...{ users, passwords: undefined, isCertificateUser: false, allowsAnonymous: true, rules },
    })
    const broker = createBroker({ authority: access.authority() })
    const { port } = await broker.listen({ protocol: 'tcp' })
    const [expected, actual] = [await rightsAt(mosquitto.port), await rightsAt(port)]
    await mosquitto.stop()
    await broker.close()
    await rm(folder, { recursive: true })
    expect(actual).toEqual(expected)
    expect(expected['c2']?.mayPublish).toContain('home/1')
  })
})
