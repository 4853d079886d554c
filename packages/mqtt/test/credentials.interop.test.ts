import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { AntiphonError } from '@antiphon/core'
import type { LinkState } from '@antiphon/core'
import { connect, mqttTransport } from '@antiphon/mqtt'
import { describeForeign, foreignCommand, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import { filter, firstValueFrom, of, throwError, timer } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openConnection, disconnect, until } from './test-connection.js'

const run = promisify(execFile)

describeForeign(['mosquitto', 'mosquitto_passwd'], 'credentials', () => {
  let folder: string
  let broker: Mosquitto
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'antiphon-passwords-'))
    const passwords = join(folder, 'passwords')
    await writeFile(passwords, 'first:1\nsecond:2\n')
    await run(foreignCommand('mosquitto_passwd') ?? '', ['-U', passwords])
    broker = await startMosquitto({ config: ['allow_anonymous false', `password_file ${passwords}`] })
  })
  afterEach(async () => {
    await broker.stop()
    await rm(folder, { recursive: true })
  })

  it('calls the credentials option before every connection and awaits a promise or an observable', async () => {
    const users = ['first', 'second', 'first']
    let calls = 0
    const transport = mqttTransport(broker.url, {
      credentials: () => {
        const username = users[calls++] ?? ''
        const credentials = { username, password: username === 'first' ? '1' : new Uint8Array([0x32]) }
        return (
          [credentials, Promise.resolve(credentials), timer(1).pipe(() => of(credentials))][calls - 1] ??
          credentials
        )
      },
    })
    for (const expected of [1, 2, 3]) {
      const connection = await openConnection(transport)
      expect(calls).toBe(expected)
      connection.drop()
    }
    await disconnect(transport)
    const loggedUsers = (): readonly (string | undefined)[] =>
      broker.log.filter((line) => line.includes("u'")).map((line) => /u'(\w+)'/.exec(line)?.[1])
    // The log comes through a pipe, later than CONNACK.
    await until(() => loggedUsers().length === users.length)
    expect(loggedUsers()).toEqual(users)
  })

  it('takes credentials from the URL and never shows them in an error', async () => {
    const url = broker.url.replace('//', '//first:1@')
    const transport = mqttTransport(url)
    await openConnection(transport)
    await disconnect(transport)
    const wrong = (await openConnection(mqttTransport(url.replace(':1@', ':secret@'))).catch(
      (error: unknown) => error,
    )) as AntiphonError
    expect(wrong).toMatchObject({ code: 'connection-refused', reasonCode: 0x87 })
    expect(wrong.message).not.toContain('secret')
    expect(wrong.message).toContain('not authorized (0x87)')
  })

  it('reports refused credentials with the return code of MQTT 3.1.1', async () => {
    await expect(openConnection(mqttTransport(broker.url, { protocolVersion: 4 }))).rejects.toMatchObject({
      code: 'connection-refused',
      reasonCode: 5,
      message: expect.stringMatching(/not authorized \(5\): check what the broker allows/) as string,
    })
  })

  it('calls the credentials option again after it failed', async () => {
    let calls = 0
    const link = connect(broker.url, {
      reconnect: { initial: 1, maximum: 1 },
      credentials: () => {
        calls += 1
        if (calls === 1) throw new Error('no token')
        if (calls === 2) return throwError(() => new Error('no network'))
        return { username: 'first', password: '1' }
      },
    })
    const states: LinkState[] = []
    link.state$.subscribe((state) => states.push(state))
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
    const errors = states.flatMap((state) => (state.status === 'offline' ? [state.error.message] : []))
    expect(errors).toEqual([
      expect.stringContaining('no token') as string,
      expect.stringContaining('no network') as string,
    ])
    await link.close()
  })

  it('closes the link if the credentials option returns invalid credentials', async () => {
    const link = connect(broker.url, { credentials: () => ({ username: 'a\0b' }) })
    const closed = await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'closed')))
    expect(closed).toMatchObject({
      error: { code: 'invalid-argument', message: expect.stringContaining('U+0000') as string },
    })
  })
})
