import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endpoint, request, requests$, serve, text } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { filter, firstValueFrom, of, skip } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'

const greeting = endpoint({ topic: 'greeting', request: text, response: text })

describeForeign(['mosquitto'], 'a group with persistent sessions on Mosquitto', () => {
  it('answers requests after the broker has restarted with its sessions', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-group-'))
    const broker = await startMosquitto({ persistence: folder })
    onTestFinished(async () => {
      await broker.stop()
      await rm(folder, { recursive: true, force: true })
    })
    const reconnect = { initial: 5, maximum: 50 }
    const member = connect(broker.url, {
      clientId: 'member',
      clean: false,
      reconnect,
    })
    onTestFinished(() => member.close())
    requests$(member, greeting, { group: 'greeters' })
      .pipe(serve(({ value }) => of(`hello ${value}`)))
      .subscribe()
    await firstValueFrom(member.subscription$('$share/greeters/greeting'))
    const isBack = firstValueFrom(
      member.state$.pipe(
        filter(({ status }) => status === 'online'),
        skip(1),
      ),
    )
    await broker.kill('SIGTERM')
    await broker.restart()
    const state = await isBack
    expect(state).toMatchObject({ info: { sessionPresent: true } })
    const requester = connect(broker.url)
    onTestFinished(() => requester.close())
    await expect(
      request(requester, greeting, 'you', { timeout: 10_000, retry: { count: 20 } }),
    ).resolves.toBe('hello you')
  })
})
