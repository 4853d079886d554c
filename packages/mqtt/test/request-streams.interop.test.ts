import { exchange$, requestMany, requests$, serve, text, type Link } from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import { connect } from '@antiphon/mqtt'
import { describeForeign, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { count, lastValueFrom, map, range, toArray, type Observable } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'

const ITEMS = 5_000
const timeout = 60_000

const chat = requestStreamEndpoint({ topic: 'chat', request: text, response: text, responses: 'many' })
const upload = requestStreamEndpoint({ topic: 'upload', request: text, response: text })

describeForeign(['mosquitto'], 'request streams over Mosquitto', () => {
  let broker: Mosquitto
  let links: Link[]
  beforeEach(async () => {
    links = []
    broker = await startMosquitto()
  })
  afterEach(async () => {
    await Promise.all(links.map((link) => link.close()))
    await broker.stop()
  })

  const newLink = (): Link => {
    const link = connect(`mqtt://127.0.0.1:${broker.port}`)
    links.push(link)
    return link
  }
  const items = (length = ITEMS): Iterable<string> =>
    (function* () {
      for (let index = 0; index < length; index++) yield String(index)
    })()
  /** Starts the three members of a group, and resolves when they are subscribed. */
  const startMembers = (
    member$: (onSubscribed: () => void, member: number) => Observable<unknown>,
  ): Promise<unknown> =>
    Promise.all(
      [0, 1, 2].map((member) => new Promise<void>((resolve) => member$(resolve, member).subscribe())),
    )
  const expected = Array.from({ length: ITEMS }, (_, index) => `${index}!`)

  it('exchange 5 000 items each way at a credit of 16 each way, with a group of 3', async () => {
    await startMembers((onSubscribed) =>
      requests$(newLink(), chat, { group: 'workers', credit: 16, onSubscribed }).pipe(
        serve(async function* ({ value }) {
          for await (const item of value) yield `${item}!`
        }),
      ),
    )
    const link = newLink()
    const options = { credit: 16, timeout }
    expect(await lastValueFrom(exchange$(link, chat, items(), options).pipe(toArray()))).toEqual(expected)
    const read: string[] = []
    for await (const item of requestMany(link, chat, items(500), options)) read.push(item)
    expect(read).toEqual(expected.slice(0, 500))
  }, 600_000)

  it('send 1 000 items of an Observable to the member of a group that took the request', async () => {
    await startMembers((onSubscribed, member) =>
      requests$(newLink(), upload, { group: 'workers', credit: 16, onSubscribed }).pipe(
        serve(({ value }) =>
          value.pipe(
            count(),
            map((received) => `${received} of ${member}`),
          ),
        ),
      ),
    )
    const link = newLink()
    const send = (): Promise<string> =>
      lastValueFrom(exchange$(link, upload, range(0, 1_000).pipe(map((item) => String(item))), { timeout }))
    for (const response of await Promise.all([send(), send(), send()]))
      expect(response).toMatch(/^1000 of [012]$/)
  }, 600_000)
})
