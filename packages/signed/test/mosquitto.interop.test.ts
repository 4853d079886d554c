import { request, requests$, serve, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { authenticateSigner, signed, type Rejection } from '@antiphon/signed'
import { describeForeign, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { firstValueFrom, Subject } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { echo, newKey } from './signed-world.js'

const run = promisify(execFile)

describeForeign(['mosquitto', 'mosquitto-clients'], 'signed messages over Mosquitto', () => {
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
    const link = connect(broker.url)
    links.push(link)
    return link
  }

  it('are accepted once, and not from mosquitto_pub, which repeats or changes them', async () => {
    const [alice, server] = await Promise.all([newKey('alice', 'ES256'), newKey('server', 'ES256')])
    const keys = { keys: [alice.publicKey, server.publicKey] }
    const rejected$ = new Subject<Rejection>()
    const responder = signed({ key: server.key, keys, onRejected: (rejection) => rejected$.next(rejection) })(
      newLink(),
    )
    requests$(responder, echo, { authenticate: authenticateSigner })
      .pipe(serve(({ value, principal }) => `${value} from ${String(principal)}`))
      .subscribe()
    await firstValueFrom(responder.subscription$('echo'))
    const eavesdropper = newLink()
    const overheard = firstValueFrom(eavesdropper.messages$('echo'))
    await firstValueFrom(eavesdropper.subscription$('echo'))
    const requester = signed({ key: alice.key, keys })(newLink())
    expect(await request(requester, echo, 'pay 1', { timeout: 30_000 })).toBe('pay 1 from alice')

    const { responseTopic = '', correlationData, contentType = '', userProperties = [] } = await overheard
    const publish = async (payload: string): Promise<Rejection> => {
      const rejected = firstValueFrom(rejected$)
      const properties = [
        ['response-topic', responseTopic],
        ['correlation-data', new TextDecoder().decode(correlationData)],
        ['content-type', contentType],
        ...userProperties.map(([name, value]) => ['user-property', name, value]),
      ]
      const options = properties.flatMap((property) => ['-D', 'publish', ...property])
      const { port } = broker
      await run('mosquitto_pub', [
        '-V',
        '5',
        '-p',
        `${port}`,
        '-q',
        '1',
        '-t',
        'echo',
        '-m',
        payload,
        ...options,
      ])
      return rejected
    }
    expect(await publish('pay 1')).toMatchObject({ reason: 'replayed' })
    expect(await publish('pay 9')).toMatchObject({ reason: 'altered' })
  })
})
