import type { ExchangeLog } from '../src/model/exchange-log.js'
import { readEvent } from '../src/model/read-event.js'

/** The connection to the inspector. */
export interface Feed {
  /** Whether the inspector can send requests. */
  canSend: boolean
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
  socket.onmessage = ({ data }) => {
    const value = JSON.parse(String(data)) as unknown
    // In slices, so that no task takes long when a page opens with a full history.
    if (Array.isArray(value)) addInSlices(log, value, onChange)
    else Object.assign(feed, value)
    onChange()
  }
  return feed
}

const SLICE = 1_000

function addInSlices(log: ExchangeLog, events: readonly unknown[], onChange: () => void): void {
  for (const event of events.slice(0, SLICE)) {
    const read = readEvent(JSON.stringify(event))
    if (read !== undefined) log.add(read)
  }
  onChange()
  if (events.length > SLICE) setTimeout(() => addInSlices(log, events.slice(SLICE), onChange))
}
