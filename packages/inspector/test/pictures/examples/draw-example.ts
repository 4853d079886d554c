import { userProperty } from '@antiphon/core'
import type { ExchangeEvent, ObservedMessage } from '@antiphon/core/events'
import { SequenceDiagram } from '../../../page/sequence-diagram.js'
import { shorten } from '../../../page/format.js'
import { ExchangeLog } from '../../../src/model/exchange-log.js'
import { toSequence, type SequenceStep } from '../../../src/model/sequence.js'
import type { RecordedMessage } from './record-link.js'
import type { Recording } from './record-example.js'
import { renderSvg } from './render-svg.js'
import type { ExchangeStory, MessageStory } from './stories.js'

/** The width of an arrow, in characters. */
const ARROW = 32

/** Draws the exchange of a recording that tells the story of an example. */
export function drawExchange({ events, messages }: Recording, story: ExchangeStory): string {
  const { shows, isJoined = false, names = {}, itemTopic, plainRequester } = story
  const log = new ExchangeLog()
  for (const event of events) log.add(event)
  const [row, ...others] = log.rows.filter(shows)
  if (row === undefined)
    throw new Error(`there is no such exchange: ${log.rows.map(({ topic }) => topic).join(', ')}`)
  const shown = [row, ...(isJoined ? others : [])]
    .flatMap(({ events: own }) => own)
    .sort((a, b) => a.at - b.at)
  const [first, last] = [shown[0]?.at ?? 0, shown.at(-1)?.at ?? 0]
  // Messages without a payload are cancels and the ends of streams.
  const items = messages.filter(
    ({ topic, payload, at }) => topic === itemTopic && payload !== '' && at >= first && at <= last,
  )
  const steps = [
    ...shown.flatMap((event) => stepsOf(event, story)),
    ...items.map(toItemStep),
    ...plainSteps(messages.filter(({ client }) => client === plainRequester)),
  ]
  return renderSvg(
    SequenceDiagram({
      steps: steps.sort((a, b) => a.at - b.at),
      names: {
        requester: names.requester ?? row.requester ?? '',
        broker: row.topic,
        responder: names.responder ?? row.responder ?? '',
      },
    }),
  )
}

/** Draws the messages on a topic, from their publisher to all their subscribers. */
export function drawMessages(
  { messages }: Recording,
  { topic, publisher, subscribers }: MessageStory,
): string {
  const onTopic = messages.filter((message) => message.topic === topic)
  const steps = onTopic.map(({ at, client, direction, payload }): SequenceStep => {
    if (direction === 'sent')
      return { at, from: 'requester', to: 'broker', text: `PUBLISH ${payload}`, kind: 'sent' }
    return { at, from: 'broker', to: 'responder', text: `${payload}, to ${client}`, kind: 'received' }
  })
  return renderSvg(
    SequenceDiagram({
      steps,
      names: { requester: publisher, broker: topic, responder: subscribers },
    }),
  )
    .replace('>requester<', '>publisher<')
    .replace('>responder<', '>subscribers<')
}

/** Returns the steps of an event, with what its message contains. */
function stepsOf(event: ExchangeEvent, { fields }: ExchangeStory): readonly SequenceStep[] {
  const content = 'message' in event && event.message !== undefined ? contentOf(event.message, fields) : ''
  return toSequence([event], [], () => 'requester').map((step) =>
    content === ''
      ? step
      : { ...step, text: shorten(`${step.text.replace('PUBLISH ', '')}: ${content}`, ARROW) },
  )
}

function contentOf(message: ObservedMessage, fields?: readonly string[]): string {
  const { payload = '', payloadEncoding, bytes, userProperties } = message
  if (payloadEncoding !== undefined) return `${bytes} bytes`
  const status = Number(userProperty(userProperties, '__stat') ?? 200)
  if (status >= 400) return `status ${status}`
  if (userProperty(userProperties, '__stream')?.endsWith(':last') === true) return 'end of the stream'
  if (fields === undefined || payload === '') return payload
  const entries = Object.entries(JSON.parse(payload) as Readonly<Record<string, unknown>>)
  return entries
    .filter(([name]) => fields.includes(name))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}

/** Returns the steps of a plain client: its first request and the first response to it. */
function plainSteps(messages: readonly RecordedMessage[]): readonly SequenceStep[] {
  const sent = messages.find(({ direction }) => direction === 'sent')
  const received = messages.find(({ direction, at }) => direction === 'received' && at > (sent?.at ?? 0))
  return [
    ...(sent === undefined
      ? []
      : [
          {
            at: sent.at,
            from: 'requester',
            to: 'broker',
            text: `request: ${sent.payload}`,
            kind: 'sent',
          } as const,
        ]),
    ...(received === undefined
      ? []
      : [
          {
            at: received.at,
            from: 'broker',
            to: 'requester',
            text: `response: ${received.payload}`,
            kind: 'received',
          } as const,
        ]),
  ]
}

function toItemStep({ at, direction, payload }: RecordedMessage): SequenceStep {
  const text = `item: ${payload}`
  if (direction === 'sent') return { at, from: 'requester', to: 'broker', text, kind: 'sent' }
  return { at, from: 'broker', to: 'responder', text, kind: 'received' }
}
