import type { ExchangeRow } from '../../../src/model/exchange-row.js'

/** An exchange that the picture of an example shows. */
export interface ExchangeStory {
  /** Whether it is this one: the first is taken, or all if the two sides cannot be joined by their correlation. */
  readonly shows: (row: ExchangeRow) => boolean
  readonly isJoined?: true
  /** The names of sides that are not observed, or that have a random client id. */
  readonly names?: { readonly requester?: string; readonly responder?: string }
  /** The fields of JSON payloads that are shown. @defaultValue all */
  readonly fields?: readonly string[]
  /** The topic with the items of a request stream. @defaultValue none */
  readonly itemTopic?: string
  /** The client id of a requester that sends its messages by itself. @defaultValue none */
  readonly plainRequester?: string
}

/** A topic whose messages the picture of an example shows. */
export interface MessageStory {
  readonly topic: string
  readonly publisher: string
  readonly subscribers: string
}

const onTopic =
  (topic: string) =>
  (row: ExchangeRow): boolean =>
    row.topic === topic

/** What the picture of each example shows; that of a page is a screenshot. */
export const stories: Readonly<Record<string, ExchangeStory | MessageStory>> = {
  '01-hello': { shows: onTopic('service/temperature/query') },
  '02-temperature': { shows: onTopic('service/temperature/query') },
  '03-unlock-my-car': { shows: () => true, fields: ['command', 'result'] },
  '04-fleet': { topic: 'fleet/alerts/weather', publisher: 'dispatcher', subscribers: 'three vehicles' },
  '05-raw-commands': {
    shows: onTopic('iot/v1/cmd'),
    names: { requester: 'the platform', responder: 'the lamp' },
    fields: ['hello', 'status'],
  },
  '07-contract-first': {
    shows: ({ items }) => items > 1,
    names: { requester: 'consumer.ts', responder: 'the mock' },
    fields: ['count', 'latitude'],
  },
  '08-azure-iot-operations': { shows: onTopic('presses/press-7/press') },
  '09-smart-home': {
    shows: ({ request }) => request?.payload?.includes('Switch.Set') === true,
    names: { responder: 'the lamp' },
    fields: ['method', 'result'],
  },
  '10-zigbee-lamp': {
    shows: ({ topic }) => topic.endsWith('/device/remove'),
    names: { requester: 'the program', responder: 'Zigbee2MQTT' },
    fields: ['id', 'error'],
  },
  '11-thingsboard': {
    shows: ({ request }) => request?.payload?.includes('setTemperature') === true,
    isJoined: true,
    names: { responder: 'the heater' },
    fields: ['method', 'was'],
  },
  '13-nestjs': { shows: ({ items }) => items > 1, names: { requester: 'the shop', responder: 'the orders' } },
  '14-aws-iot': {
    shows: ({ status }) => status === 409,
    names: { requester: 'the application', responder: 'AWS IoT' },
    fields: ['state', 'version', 'code', 'message'],
  },
  '15-request-streams': {
    shows: ({ topic, outcome }) => topic === 'machine/temperature' && outcome === 'cancelled',
    itemTopic: 'control/server',
  },
  '16-metrics': { shows: onTopic('forecast/Atlantis') },
  '17-node-red-and-home-assistant': {
    shows: onTopic('home/lamp/set'),
    names: { requester: 'Node-RED' },
    plainRequester: 'node-red',
  },
}
