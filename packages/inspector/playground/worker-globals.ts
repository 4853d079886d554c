import type { VirtualClock } from './virtual-clock.js'

/** What reaches beyond the worker, so that nothing leaves the page. */
const outward = [
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'WebSocketStream', 'WebTransport', 'EventSource'],
  ...['RTCPeerConnection', 'importScripts', 'Worker', 'SharedWorker', 'BroadcastChannel'],
  ...['indexedDB', 'caches', 'navigator', 'postMessage', 'close'],
]

/** Replaces the timers and clocks of a worker by those of a virtual clock that starts at a time of day. */
export function installClock(target: typeof globalThis, clock: VirtualClock, startedAt: number): void {
  const RealDate = target.Date
  const now = (): number => startedAt + clock.now
  // `new Date()` is the virtual time; a date of given parts is what it was.
  const VirtualDate = new Proxy(RealDate, {
    construct: (_, parts: unknown[], newTarget) =>
      Reflect.construct(RealDate, parts.length === 0 ? [now()] : parts, newTarget) as Date,
    get: (date, key) => (key === 'now' ? now : (Reflect.get(date, key) as unknown)),
  })
  define(target, {
    setTimeout: clock.setTimeout,
    setInterval: clock.setInterval,
    clearTimeout: clock.clear,
    clearInterval: clock.clear,
    Date: VirtualDate,
  })
  define(target.performance, { now: () => clock.now })
}

/** Removes what reaches beyond a worker. */
export function isolateWorker(target: object): void {
  for (
    let owner: object | null = target;
    owner !== null;
    owner = Object.getPrototypeOf(owner) as object | null
  )
    for (const name of outward) Reflect.deleteProperty(owner, name)
}

function define(target: object, properties: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(properties))
    Object.defineProperty(target, name, { value, configurable: true, writable: true })
}
