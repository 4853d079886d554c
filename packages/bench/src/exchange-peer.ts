import { randomUUID } from 'node:crypto'
import { endpoint, json, request$, requests$, serve, type Codec } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import * as t from 'io-ts'
import mqtt from 'mqtt'
import { firstValueFrom, lastValueFrom, of, range, map, count } from 'rxjs'

/** What a process of the benchmark is told to be. */
export interface PeerRole {
  readonly name: 'antiphon' | 'by hand'
  readonly role: 'requester' | 'responder'
  readonly port: number
}

/** How many questions are open at once. */
const inFlight = 256
const topic = 'bench/query'

/** The same JSON work for everybody: by the same codecs. */
const Question = json(t.type({ id: t.number, city: t.string, unit: t.string }))
const Answer = json(t.type({ id: t.number, city: t.string, degrees: t.number, at: t.number }))
type Asked = { readonly id: number; readonly city: string; readonly unit: string }
type Answered = { readonly id: number; readonly city: string; readonly degrees: number; readonly at: number }

const ask = (id: number): Asked => ({ id, city: `city ${id % 100}`, unit: 'celsius' })
const answer = ({ id, city }: Asked): Answered => ({
  id,
  city,
  degrees: 20 + (id % 10),
  at: 1_700_000_000_000 + id,
})

function decoded<A>(codec: Codec<A>, payload: Uint8Array): A {
  const value = codec.decode(payload)
  if (value._tag === 'Right') return value.right
  throw new Error('it does not decode')
}

/** Asks so many questions. */
type Requester = (questions: number) => Promise<void>

async function ours({ role, port }: PeerRole): Promise<Requester> {
  const temperature = endpoint({ topic, request: Question, response: Answer })
  const link = connect(`mqtt://127.0.0.1:${port}`)
  if (role === 'responder') {
    requests$(link, temperature)
      .pipe(serve(({ value }) => of(answer(value)), { concurrency: 1_024 }))
      .subscribe()
    await firstValueFrom(link.subscription$(topic))
  }
  return async (questions) => {
    const answered = await lastValueFrom(
      range(0, questions).pipe(
        map(ask),
        request$(link, temperature, { concurrency: inFlight, timeout: 30_000 }),
        count(),
      ),
    )
    if (answered !== questions) throw new Error(`${answered} of ${questions} were answered`)
  }
}

/** What one writes who needs no more than this: a Map and the client. */
async function byHand({ role, port }: PeerRole): Promise<Requester> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5 })
  client.setMaxListeners(0)
  if (role === 'responder') {
    client.on('message', (_, payload, { properties = {} }) => {
      const { responseTopic, correlationData } = properties
      if (responseTopic === undefined || correlationData === undefined) return
      client.publish(responseTopic, Buffer.from(Answer.encode(answer(decoded(Question, payload)))), {
        qos: 1,
        properties: { correlationData, contentType: 'application/json', payloadFormatIndicator: true },
      })
    })
    await client.subscribeAsync(topic, { qos: 1 })
    return () => Promise.resolve()
  }
  const responseTopic = `response/${client.options.clientId}`
  const pending = new Map<string, (answer: Answered) => void>()
  client.on('message', (_, payload, { properties }) => {
    const token = properties?.correlationData?.toString() ?? ''
    const settle = pending.get(token)
    pending.delete(token)
    settle?.(decoded(Answer, payload))
  })
  await client.subscribeAsync(responseTopic, { qos: 1 })
  const call = (question: Asked, settle: (answer: Answered) => void): void => {
    const token = randomUUID()
    pending.set(token, settle)
    client.publish(topic, Buffer.from(Question.encode(question)), {
      qos: 1,
      properties: {
        responseTopic,
        correlationData: Buffer.from(token),
        contentType: 'application/json',
        payloadFormatIndicator: true,
        messageExpiryInterval: 30,
      },
    })
  }
  return (questions) =>
    new Promise((resolve) => {
      let asked = 0
      let answered = 0
      const next = (): void => {
        if (asked < questions) call(ask(asked++), done)
      }
      const done = (): void => {
        answered += 1
        if (answered === questions) resolve()
        else next()
      }
      while (asked < Math.min(inFlight, questions)) next()
    })
}

const peer = JSON.parse(process.argv[2] ?? '{}') as PeerRole
const requester = await (peer.name === 'antiphon' ? ours(peer) : byHand(peer))
process.on('message', (questions: number) => {
  const before = process.cpuUsage()
  // A responder is asked for its CPU alone: it has no questions of its own.
  void (peer.role === 'requester' ? requester(questions) : Promise.resolve()).then(() => {
    const { user, system } = process.cpuUsage(peer.role === 'requester' ? before : undefined)
    process.send?.(user + system)
  })
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
