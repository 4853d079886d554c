import type { ExchangeLog } from '../src/model/exchange-log.js'
import { toEvent } from '../src/model/read-event.js'

/** An endpoint whose requests can be sent. */
export interface OfferedEndpoint {
  readonly name: string
  readonly topic: string
  readonly parameters: readonly string[]
  readonly contentType: string
}

/** The connection to the inspector. */
export interface Feed {
  /** Whether the inspector can send requests. */
  canSend: boolean
  /** The endpoints whose requests it can send by their contract. */
  endpoints: readonly OfferedEndpoint[]
  /** The address of a trace, with `{traceId}`; absent if traces are not linked. */
  traceUrl?: string
  /** Whether the events are those of a recording. */
  isRecording: boolean
  status: string
  /** The result of the latest request that was sent. */
  result: string
  readonly send: (request: object) => void
}

/** Reads events into a log; calls `onChange` after each message. */
export function openFeed(log: ExchangeLog, onChange: () => void): Feed {
  const url = new URL(location.href)
  const socket = new WebSocket(`ws://${url.host}/events?token=${url.searchParams.get('token') ?? ''}`)
  const feed: Feed = {
    canSend: false,
    endpoints: [],
    isRecording: false,
    status: 'connecting',
    result: '',
    send: (request) => socket.send(JSON.stringify(request)),
  }
  socket.onopen = () => {
    feed.status = 'live'
    onChange()
  }
  socket.onclose = () => {
    feed.status = 'not connected: reload with the address that the program printed'
    onChange()
  }
  // The server limits the events of a message, so that no task takes long.
  socket.onmessage = ({ data }) => {
    const value = JSON.parse(String(data)) as unknown
    if (Array.isArray(value))
      for (const each of value) {
        const event = toEvent(each)
        if (event !== undefined) log.add(event)
      }
    else Object.assign(feed, value)
    onChange()
  }
  return feed
}
